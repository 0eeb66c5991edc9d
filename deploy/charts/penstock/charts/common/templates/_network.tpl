{{/* Service of a component with its ports, but for the front door's; its ServiceMonitor. */}}
{{- define "penstock.network" -}}
{{- $root := index . 0 -}}
{{- $service := index . 1 -}}
{{- $key := list $root $service.component -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "penstock.metadata" $key | nindent 2 }}
spec:
  {{- if $service.isHeadless }}
  clusterIP: None
  {{- end }}
  selector:
    {{- include "penstock.selector" $key | nindent 4 }}
  ports:
    {{- range $service.ports }}
    {{- if not (and (eq .name "http") (eq $service.component "scheduler")) }}
    - name: {{ .name }}
      port: {{ .port }}
      targetPort: {{ .name }}
      {{- if eq .name "grpc" }}
      appProtocol: kubernetes.io/h2c
      {{- end }}
    {{- end }}
    {{- end }}
{{- with $root.Values.metrics.serviceMonitor }}
{{- if .enabled }}
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: {{ include "penstock.name" $key }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "penstock.labels" $key | nindent 4 }}
    {{- with .labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  selector:
    matchLabels:
      {{- include "penstock.selector" $key | nindent 6 }}
  endpoints:
    - port: metrics
      interval: {{ .interval }}
{{- end }}
{{- end }}
{{- end -}}

{{/* With more than one replica, at most one at a time is taken away. */}}
{{- define "penstock.disruption" -}}
{{- $root := index . 0 -}}
{{- $service := index . 1 -}}
{{- $key := list $root $service.component -}}
{{- if gt (int ((index . 2).replicas | default 1)) 1 -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "penstock.metadata" $key | nindent 2 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "penstock.selector" $key | nindent 6 }}
{{- end -}}
{{- end -}}
