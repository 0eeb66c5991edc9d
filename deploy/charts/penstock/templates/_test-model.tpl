{{/* The model that `helm test` asks for; empty = the first one that is served. */}}
{{- define "penstock.testModel" -}}
{{- if .Values.test.model -}}
{{- .Values.test.model -}}
{{- else if include "penstock.hasEngines" . -}}
{{- include "penstock.engineModel" . -}}
{{- else if .Values.engineSim.enabled -}}
{{- .Values.engineSim.model -}}
{{- end -}}
{{- end -}}
