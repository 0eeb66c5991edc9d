{{/* Whether this release has engines of its own: something says which, or how many. */}}
{{- define "penstock.hasEngines" -}}
{{- if or .Values.model.name (hasKey .Values "prefillReplicas") (hasKey .Values "decodeReplicas") .Values.pdDisaggregation.enabled -}}
true
{{- end -}}
{{- end -}}

{{- define "penstock.engineModel" -}}
{{- .Values.model.name | default "Qwen/Qwen3-0.6B" -}}
{{- end -}}

{{- define "penstock.decodeReplicas" -}}
{{- hasKey .Values "decodeReplicas" | ternary .Values.decodeReplicas 1 | int -}}
{{- end -}}

{{- define "penstock.prefillReplicas" -}}
{{- hasKey .Values "prefillReplicas" | ternary .Values.prefillReplicas (ternary 1 0 (.Values.pdDisaggregation.enabled | default false)) | int -}}
{{- end -}}

{{/* Between what numbers load may move the engines of a role. Arguments: list of the context and their number. */}}
{{- define "penstock.engineBounds" -}}
{{- $root := index . 0 -}}
{{- $replicas := int (index . 1) -}}
{{- $most := $root.Values.engines.maxReplicas | default (max 1 (mul 2 $replicas)) -}}
{{- printf "%d..%d" (ternary 0 $replicas $root.Values.autoscaler.scaleToZero) (int $most) -}}
{{- end -}}

{{/* Where engines keep KV blocks. */}}
{{- define "penstock.engineTier" -}}
{{- with .Values.kvCache.tiering -}}
{{- if not .enabled -}}
gpu
{{- else if .ssd.hostPath -}}
gpu-cpu-ssd
{{- else -}}
gpu-cpu
{{- end -}}
{{- end -}}
{{- end -}}
