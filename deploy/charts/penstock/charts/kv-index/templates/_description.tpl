{{- define "kv-index.description" -}}
component: kv-index
apiAccess: true
ports:
  - {name: grpc, port: 9102}
  - {name: http, port: 9112}
  - {name: metrics, port: 9091}
env:
  {{- include "penstock.natsEnvironment" . | nindent 2 }}
  {{- include "penstock.namespaceEnvironment" . | nindent 2 }}
  - name: PENSTOCK_LEASE_NAMESPACE
    valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
  - name: PENSTOCK_REDIS_URL
  {{- if .Subcharts.valkey }}
    value: {{ printf "redis://%s:6379" (include "valkey.fullname" .Subcharts.valkey) }}
  {{- else if .Values.externalRedis.existingSecret }}
    valueFrom:
      secretKeyRef:
        name: {{ .Values.externalRedis.existingSecret }}
        key: {{ .Values.externalRedis.existingSecretKey }}
  {{- else }}
    value: {{ .Values.externalRedis.url | quote }}
  {{- end }}
  {{- if .Values.externalRedis.cluster }}
  - name: PENSTOCK_REDIS_CLUSTER
    value: "true"
  {{- end }}
  {{- if .Values.kvCache.tiering.enabled }}
  - name: PENSTOCK_STORAGE_EVENTS
    value: forward
  {{- end }}
rules:
  - apiGroups: [inference.networking.k8s.io, inference.networking.x-k8s.io]
    resources: [inferencepools]
    verbs: [list, watch]
  - apiGroups: [""]
    resources: [pods]
    verbs: [list, watch]
# By them replicas see each other, and remember what was registered over HTTP.
ownRules:
  - apiGroups: [coordination.k8s.io]
    resources: [leases]
    verbs: [list, watch, create, patch, delete]
egress:
  {{- include "penstock.toNats" . | nindent 2 }}
  {{- include "penstock.toRedis" . | nindent 2 }}
  {{- include "penstock.toEngines" (list . (concat .Values.networkPolicy.enginePorts .Values.networkPolicy.kvEventPorts)) | nindent 2 }}
{{- end -}}
