{{- define "nats.fullname" -}}
{{- contains "nats" .Release.Name | ternary .Release.Name (printf "%s-nats" .Release.Name) -}}
{{- end -}}

{{- define "nats.labels" -}}
app.kubernetes.io/name: nats
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: nats
{{- end -}}
