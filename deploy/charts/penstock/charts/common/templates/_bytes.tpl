{{/* Bytes of a quantity, `16Gi` or `17179869184`. */}}
{{- define "penstock.bytes" -}}
{{- $text := include "penstock.text" . -}}
{{- $number := regexFind "^[0-9]+" $text | int64 -}}
{{- $unit := regexReplaceAll "^[0-9]+" $text "" -}}
{{- $shifts := dict "" 0 "Ki" 1 "Mi" 2 "Gi" 3 "Ti" 4 -}}
{{- range until (get $shifts $unit | int) -}}
{{- $number = mul $number 1024 -}}
{{- end -}}
{{- $number -}}
{{- end -}}
