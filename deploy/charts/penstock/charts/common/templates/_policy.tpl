{{/* The traffic that a component needs: everything else of its pods is denied by the policy of the release. */}}
{{- define "penstock.policy" -}}
{{- $root := index . 0 -}}
{{- $service := index . 1 -}}
{{- $key := list $root $service.component -}}
{{- $policy := $root.Values.networkPolicy -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "penstock.metadata" $key | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "penstock.selector" $key | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    {{- if not $service.isEngine }}
    - ports: [{protocol: TCP, port: metrics}]
      from:
        {{- if $policy.scrapers }}
        {{- toYaml $policy.scrapers | nindent 8 }}
        {{- else }}
        - namespaceSelector: {}
        {{- end }}
    {{- end }}
    {{- with $service.ingress }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  egress:
    {{- include "penstock.toNames" $root | nindent 4 }}
    {{- if $service.apiAccess }}
    {{- include "penstock.toPorts" $policy.apiServerPorts | nindent 4 }}
    {{- end }}
    {{- with $service.egress }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- with $policy.extraEgress }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{/* Ports, wherever they are. Argument: their numbers. */}}
{{- define "penstock.toPorts" -}}
- ports:
    {{- range . }}
    - {protocol: TCP, port: {{ int . }}}
    {{- end }}
{{- end -}}

{{- define "penstock.toNames" -}}
- ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
{{- end -}}

{{/* The event bus: pods of this release, or yours wherever it is. */}}
{{- define "penstock.toNats" -}}
{{- include "penstock.toPorts" (ternary (list 4222) .Values.networkPolicy.natsPorts .Values.nats.enabled) }}
{{- if .Values.nats.enabled }}
  to:
    - podSelector:
        matchLabels:
          app.kubernetes.io/name: nats
          app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
{{- end -}}

{{- define "penstock.toRedis" -}}
{{- include "penstock.toPorts" (ternary (list 6379) .Values.networkPolicy.redisPorts .Values.valkey.enabled) }}
{{- if .Values.valkey.enabled }}
  to:
    - podSelector:
        matchLabels:
          app.kubernetes.io/name: valkey
          app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
{{- end -}}

{{/* Pods of the namespaces that are served. Arguments: list of the context and the ports. */}}
{{- define "penstock.toEngines" -}}
{{ include "penstock.toPorts" (index . 1) }}
  to:
    - podSelector: {}
      {{- if (index . 0).Values.global.allNamespaces }}
      namespaceSelector: {}
      {{- end }}
{{- end -}}
