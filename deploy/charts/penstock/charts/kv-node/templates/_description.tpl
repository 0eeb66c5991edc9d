{{- define "kv-node.description" -}}
{{- $tiering := .Values.kvCache.tiering -}}
component: kv-node
kind: DaemonSet
isHeadless: true
ports:
  - {name: grpc, port: 9106}
  - {name: metrics, port: 9095}
env:
  - name: PENSTOCK_NODE
    valueFrom: {fieldRef: {fieldPath: spec.nodeName}}
  {{- range $tier := list "cpu" "ssd" }}
  {{- with get $tiering $tier }}
  {{- if .hostPath }}
  - name: PENSTOCK_{{ upper $tier }}_DIR
    value: /kv/{{ $tier }}
  - name: PENSTOCK_{{ upper $tier }}_CAPACITY_BYTES
    value: {{ include "penstock.bytes" .capacity | quote }}
  {{- end }}
  {{- end }}
  {{- end }}
  {{- include "kv-node.objectStore" $tiering.s3 | nindent 2 }}
volumes:
  {{- range $tier := list "cpu" "ssd" }}
  {{- with (get $tiering $tier).hostPath }}
  - name: {{ $tier }}
    hostPath: {path: {{ . | quote }}, type: DirectoryOrCreate}
  {{- end }}
  {{- end }}
volumeMounts:
  {{- range $tier := list "cpu" "ssd" }}
  {{- if (get $tiering $tier).hostPath }}
  - {name: {{ $tier }}, mountPath: /kv/{{ $tier }}}
  {{- end }}
  {{- end }}
ingress:
  {{- include "penstock.fromComponents" (list . "grpc" "kv-offload") | nindent 2 }}
{{- if $tiering.s3.bucket }}
egress:
  {{- include "penstock.toPorts" .Values.networkPolicy.s3Ports | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "kv-node.objectStore" -}}
{{- if .bucket -}}
- name: PENSTOCK_S3_BUCKET
  value: {{ .bucket | quote }}
- name: PENSTOCK_S3_REGION
  value: {{ .region | quote }}
{{- with .endpoint }}
- name: PENSTOCK_S3_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- with .prefix }}
- name: PENSTOCK_S3_PREFIX
  value: {{ . | quote }}
{{- end }}
{{- if .forcePathStyle }}
- name: PENSTOCK_S3_FORCE_PATH_STYLE
  value: "true"
{{- end }}
{{- if .existingSecret }}
- name: PENSTOCK_S3_ACCESS_KEY_ID
  valueFrom: {secretKeyRef: {name: {{ .existingSecret }}, key: {{ .accessKeyIdKey }}}}
- name: PENSTOCK_S3_SECRET_ACCESS_KEY
  valueFrom: {secretKeyRef: {name: {{ .existingSecret }}, key: {{ .secretAccessKeyKey }}}}
{{- end }}
{{- end -}}
{{- end -}}
