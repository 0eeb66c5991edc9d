{{/*
Environment of a service: what the chart decides, then its settings (`maxBodyBytes` → PENSTOCK_MAX_BODY_BYTES).
Arguments: list of the context, the description of the service and its values.
*/}}
{{- define "penstock.environment" -}}
{{- $service := index . 1 -}}
{{- $values := index . 2 -}}
- name: PENSTOCK_HOST
  value: 0.0.0.0
- name: PENSTOCK_INSTANCE
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
{{- with $service.env }}
{{ toYaml . }}
{{- end }}
{{- range $key, $value := $values.config }}
- name: PENSTOCK_{{ regexReplaceAll "([a-z0-9])([A-Z])" $key "${1}_${2}" | upper }}
  value: {{ include "penstock.text" $value | quote }}
{{- end }}
{{- with $values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* A setting as text; YAML reads whole numbers as floats, and large ones must not become 1e+09. */}}
{{- define "penstock.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) -}}
{{- int64 . -}}
{{- else -}}
{{- . -}}
{{- end -}}
{{- end -}}

{{/* Where a service finds the event bus. */}}
{{- define "penstock.natsEnvironment" -}}
- name: PENSTOCK_NATS_URL
{{- if .Subcharts.nats }}
  value: {{ printf "nats://%s:4222" (include "nats.fullname" .Subcharts.nats) }}
{{- else if .Values.externalNats.existingSecret }}
  valueFrom:
    secretKeyRef:
      name: {{ .Values.externalNats.existingSecret }}
      key: {{ .Values.externalNats.existingSecretKey }}
{{- else }}
  value: {{ .Values.externalNats.url | quote }}
{{- end }}
{{- end -}}

{{/* Which namespace is served. Absent means all. */}}
{{- define "penstock.namespaceEnvironment" -}}
{{- if not .Values.global.allNamespaces }}
- name: PENSTOCK_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
{{- end }}
{{- end -}}
