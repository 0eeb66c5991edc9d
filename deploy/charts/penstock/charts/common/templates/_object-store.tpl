{{/* Where the S3 tier is, for both services that speak to it; nothing without a bucket. */}}
{{- define "penstock.objectStoreEnvironment" -}}
{{- with .Values.kvCache.tiering.s3 -}}
{{- if .bucket -}}
- name: PENSTOCK_S3_BUCKET
  value: {{ .bucket | quote }}
- name: PENSTOCK_S3_REGION
  value: {{ .region | quote }}
- name: PENSTOCK_S3_PREFIX
  value: {{ .prefix | quote }}
{{- with .endpoint }}
- name: PENSTOCK_S3_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- if .existingSecret }}
- name: PENSTOCK_S3_ACCESS_KEY_ID_FILE
  value: /var/run/secrets/s3/access-key-id
- name: PENSTOCK_S3_SECRET_ACCESS_KEY_FILE
  value: /var/run/secrets/s3/secret-access-key
{{- end }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "penstock.objectStoreVolumes" -}}
{{- with .Values.kvCache.tiering.s3 -}}
{{- if and .bucket .existingSecret -}}
- name: s3
  secret:
    secretName: {{ .existingSecret }}
    defaultMode: 0440
    items:
      - {key: {{ .accessKeyIdKey }}, path: access-key-id}
      - {key: {{ .secretAccessKeyKey }}, path: secret-access-key}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "penstock.objectStoreMounts" -}}
{{- with .Values.kvCache.tiering.s3 -}}
{{- if and .bucket .existingSecret -}}
- {name: s3, mountPath: /var/run/secrets/s3, readOnly: true}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Empty without a bucket. */}}
{{- define "penstock.toObjectStore" -}}
{{- if .Values.kvCache.tiering.s3.bucket -}}
{{- include "penstock.toPorts" .Values.networkPolicy.s3Ports -}}
{{- end -}}
{{- end -}}
