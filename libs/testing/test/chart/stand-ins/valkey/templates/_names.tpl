{{- define "valkey.fullname" -}}
{{- contains "valkey" .Release.Name | ternary .Release.Name (printf "%s-valkey" .Release.Name) -}}
{{- end -}}

{{- define "valkey.labels" -}}
app.kubernetes.io/name: valkey
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}
