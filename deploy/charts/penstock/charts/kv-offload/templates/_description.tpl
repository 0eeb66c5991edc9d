{{- define "kv-offload.description" -}}
{{- $lease := include "penstock.name" (list . "kv-offload") -}}
component: kv-offload
apiAccess: true
ports:
  - {name: grpc, port: 9105}
  - {name: metrics, port: 9094}
env:
  {{- include "penstock.natsEnvironment" . | nindent 2 }}
  {{- include "penstock.namespaceEnvironment" . | nindent 2 }}
  - name: PENSTOCK_LEASE_NAMESPACE
    valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
  - name: PENSTOCK_LEASE_NAME
    value: {{ $lease }}
lease: {{ $lease }}
ingress:
  {{- include "penstock.fromComponents" (list . "grpc") | nindent 2 }}
egress:
  {{- include "penstock.toNats" . | nindent 2 }}
  - ports: [{protocol: TCP, port: grpc}]
    to:
      - podSelector:
          matchLabels:
            {{- include "penstock.selector" (list . "kv-node") | nindent 12 }}
{{- end -}}
