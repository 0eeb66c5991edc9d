{{- define "kv-offload.description" -}}
{{- $lease := include "penstock.name" (list . "kv-offload") -}}
{{- $s3 := .Values.kvCache.tiering.s3 -}}
component: kv-offload
apiAccess: true
ports:
  - {name: grpc, port: 9105}
  - {name: metrics, port: 9094}
env:
  {{- include "penstock.natsEnvironment" . | nindent 2 }}
  # kv-nodes are in the namespace of the release, whatever namespaces are served.
  - name: PENSTOCK_NAMESPACE
    valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
  - name: PENSTOCK_LEASE_NAMESPACE
    valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
  - name: PENSTOCK_LEASE_NAME
    value: {{ $lease }}
  - name: PENSTOCK_KV_NODE_SELECTOR
    value: app.kubernetes.io/name=penstock,app.kubernetes.io/instance={{ .Release.Name }},app.kubernetes.io/component=kv-node
  {{- include "penstock.objectStoreEnvironment" . | nindent 2 }}
  {{- if and $s3.bucket $s3.capacity }}
  - name: PENSTOCK_S3_CAPACITY_BYTES
    value: {{ include "penstock.bytes" $s3.capacity | quote }}
  {{- end }}
volumes:
  {{- include "penstock.objectStoreVolumes" . | nindent 2 }}
volumeMounts:
  {{- include "penstock.objectStoreMounts" . | nindent 2 }}
lease: {{ $lease }}
ownRules:
  - apiGroups: [""]
    resources: [pods]
    verbs: [list, watch]
egress:
  {{- include "penstock.toNats" . | nindent 2 }}
  {{- include "penstock.toObjectStore" . | nindent 2 }}
  - ports: [{protocol: TCP, port: grpc}]
    to:
      - podSelector:
          matchLabels:
            {{- include "penstock.selector" (list . "kv-node") | nindent 12 }}
{{- end -}}
