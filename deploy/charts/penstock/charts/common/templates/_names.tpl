{{/* Beginning of the names of all objects. Argument: the context of the umbrella chart, as everywhere here. */}}
{{- define "penstock.prefix" -}}
{{- .Values.fullnameOverride | default .Release.Name -}}
{{- end -}}

{{/* Name of an object. Arguments: list of the context and what the object is. */}}
{{- define "penstock.name" -}}
{{- printf "%s-%s" (include "penstock.prefix" (index . 0)) (index . 1) -}}
{{- end -}}

{{/* Name of an object of the whole cluster, which releases of other namespaces must not share. */}}
{{- define "penstock.clusterName" -}}
{{- printf "%s-%s" (index . 0).Release.Namespace (include "penstock.name" .) -}}
{{- end -}}

{{/* Labels that select the pods of a component; they never change in the life of a release. */}}
{{- define "penstock.selector" -}}
app.kubernetes.io/name: penstock
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "penstock.labels" -}}
{{- $root := index . 0 -}}
{{ include "penstock.selector" . }}
app.kubernetes.io/part-of: penstock
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 }}
{{- end -}}

{{- define "penstock.metadata" -}}
name: {{ include "penstock.name" . }}
namespace: {{ (index . 0).Release.Namespace }}
labels:
  {{- include "penstock.labels" . | nindent 2 }}
{{- end -}}
