{{/* Deployment or DaemonSet of a service. Arguments: list of the context, the description and the values. */}}
{{- define "penstock.workload" -}}
{{- $root := index . 0 -}}
{{- $service := index . 1 -}}
{{- $values := index . 2 -}}
{{- $key := list $root $service.component -}}
apiVersion: apps/v1
kind: {{ $service.kind | default "Deployment" }}
metadata:
  {{- include "penstock.metadata" $key | nindent 2 }}
spec:
  {{- if ne $service.kind "DaemonSet" }}
  replicas: {{ $values.replicas }}
  strategy:
    type: {{ $service.strategy | default "RollingUpdate" }}
    {{- if ne $service.strategy "Recreate" }}
    rollingUpdate: {maxUnavailable: 0, maxSurge: 1}
    {{- end }}
  {{- end }}
  revisionHistoryLimit: 3
  selector:
    matchLabels:
      {{- include "penstock.selector" $key | nindent 6 }}
  template:
    {{- include "penstock.pod" . | nindent 4 }}
{{- end -}}
