{{/*
Fails with one line per mistake: where, what, how to fix it. Every file of this chart calls it first, because Helm
renders them in an order of its own.
*/}}
{{- define "penstock.validate" -}}
{{- $errors := list -}}
{{- $parts := list "connectionErrors" "engineErrors" "tieringErrors" "serviceErrors" "nameErrors" -}}
{{- range $parts -}}
{{- range include (printf "penstock.%s" .) $ | splitList "\n" -}}
{{- with trim . }}{{ $errors = append $errors . }}{{ end -}}
{{- end -}}
{{- end -}}
{{- if $errors -}}
{{- fail (printf "\n  %s" (join "\n  " $errors)) -}}
{{- end -}}
{{- end -}}

{{- define "penstock.connectionErrors" -}}
{{- $ours := dict "key" "nats" "external" "externalNats" "what" "NATS" "scheme" "^(nats|tls)://" "example" "nats://nats.messaging:4222" -}}
{{- template "penstock.connectionErrorsOf" (list . $ours (index .Subcharts "nats")) }}
{{- if .Values.kvIndex.enabled }}
{{ $ours = dict "key" "valkey" "external" "externalRedis" "what" "Redis" "scheme" "^rediss?://" "example" "redis://redis.data:6379" -}}
{{- template "penstock.connectionErrorsOf" (list . $ours (index .Subcharts "valkey")) }}
{{- if and .Values.valkey.enabled .Values.externalRedis.cluster }}
externalRedis.cluster: is about a Redis of yours; set valkey.enabled to false, or remove it
{{- end }}
{{- end }}
{{- end -}}

{{- define "penstock.connectionErrorsOf" -}}
{{- $values := (index . 0).Values -}}
{{- $o := index . 1 -}}
{{- $chart := index . 2 -}}
{{- $bundled := (get $values $o.key).enabled -}}
{{- $external := get $values $o.external -}}
{{- $given := or $external.url $external.existingSecret -}}
{{- if and $bundled $given }}
{{ $o.key }}.enabled and {{ $o.external }}: {{ $o.what }} would be there twice; set {{ $o.key }}.enabled to false to use yours, or remove {{ $o.external }}
{{- else if and $bundled (not $chart) }}
{{ $o.key }}.enabled: its chart is not in charts/; run `helm dependency build` on this chart, or set {{ $o.key }}.enabled to false and {{ $o.external }}.url to yours
{{- else if not (or $bundled $given) }}
{{ $o.external }}: there is no {{ $o.what }}; set {{ $o.external }}.url ({{ $o.example }}) or {{ $o.external }}.existingSecret, or {{ $o.key }}.enabled to true
{{- else if and $external.url $external.existingSecret }}
{{ $o.external }}: url and existingSecret are both set; keep one
{{- else if $external.url }}
{{- if not (regexMatch $o.scheme $external.url) }}
{{ $o.external }}.url: is {{ $external.url | quote }}; write it as {{ $o.example }}
{{- else if contains "@" $external.url }}
{{ $o.external }}.url: holds credentials; put the URL into a Secret and name it in {{ $o.external }}.existingSecret
{{- end }}
{{- end }}
{{- end -}}

{{- define "penstock.engineErrors" -}}
{{- $values := .Values -}}
{{- $hasEngines := include "penstock.hasEngines" . -}}
{{- $prefill := include "penstock.prefillReplicas" . | int -}}
{{- $decode := include "penstock.decodeReplicas" . | int -}}
{{- if $hasEngines }}
{{- if not $values.gangPlacer.enabled }}
gangPlacer.enabled: engines of this release (model, prefillReplicas, decodeReplicas, pdDisaggregation) are made by the gang-placer; set it to true
{{- else if eq (toString $values.gangPlacer.config.translateForeignKinds) "false" }}
gangPlacer.config.translateForeignKinds: engines of this release are translated by the gang-placer; remove it
{{- end }}
{{- if and (hasKey $values.pdDisaggregation "enabled") (not $values.pdDisaggregation.enabled) $prefill }}
prefillReplicas: is {{ $prefill }} with pdDisaggregation.enabled false; set prefillReplicas to 0, or pdDisaggregation.enabled to true
{{- else if and $values.pdDisaggregation.enabled (not $prefill) }}
prefillReplicas: is 0 with pdDisaggregation.enabled true; set it to 1 or more, or pdDisaggregation.enabled to false
{{- end }}
{{- if and $prefill (not $decode) }}
decodeReplicas: is 0 with {{ $prefill }} that only prefill, so nothing could answer; set it to 1 or more
{{- end }}
{{- with $values.engines.maxReplicas }}
{{- if gt (max $prefill $decode) (int .) }}
engines.maxReplicas: is {{ . }}, fewer than the {{ max $prefill $decode }} at the start; raise it
{{- end }}
{{- end }}
{{- else }}
{{- if or $values.engines.accelerator $values.engines.gpusPerEngine $values.engines.maxReplicas $values.model.dtype $values.model.source }}
engines, model: say how engines of this release run, and there are none; set model.name or decodeReplicas
{{- end }}
{{- end }}
{{- if and $values.autoscaler.scaleToZero (not $values.autoscaler.enabled) }}
autoscaler.scaleToZero: needs the autoscaler; set autoscaler.enabled to true
{{- end }}
{{- end -}}

{{- define "penstock.tieringErrors" -}}
{{- $values := .Values -}}
{{- with .Values.kvCache.tiering }}
{{- if .enabled }}
{{- if not $values.kvIndex.enabled }}
kvCache.tiering.enabled: kv-index tells kv-offload what engines store; set kvIndex.enabled to true
{{- end }}
{{- if not .cpu.hostPath }}
kvCache.tiering.cpu.hostPath: there is no storage; name a folder on tmpfs such as /dev/shm/penstock-kv
{{- end }}
{{- if and .s3.bucket (not .ssd.hostPath) }}
kvCache.tiering.ssd.hostPath: blocks reach S3 by way of an SSD; name a folder, or remove kvCache.tiering.s3.bucket
{{- end }}
{{- range $tier, $on := dict "cpu" true "ssd" .ssd.hostPath "s3" (and .s3.bucket .s3.capacity) }}
{{- $capacity := include "penstock.text" (get $values.kvCache.tiering $tier).capacity }}
{{- if and $on (or (not (regexMatch "^[0-9]+(Ki|Mi|Gi|Ti)?$" $capacity)) (regexMatch "^0+[KMGTi]*$" $capacity)) }}
kvCache.tiering.{{ $tier }}.capacity: is {{ $capacity | quote }}; write bytes, or a number with Ki, Mi, Gi or Ti, such as 64Gi
{{- end }}
{{- end }}
{{- range $tier := list "cpu" "ssd" }}
{{- $path := (get $values.kvCache.tiering $tier).hostPath }}
{{- if and $path (not (hasPrefix "/" $path)) }}
kvCache.tiering.{{ $tier }}.hostPath: is {{ $path | quote }}; write an absolute path
{{- end }}
{{- end }}
{{- if and .cpu.hostPath (eq .cpu.hostPath .ssd.hostPath) }}
kvCache.tiering.ssd.hostPath: is the folder of the CPU tier as well; name another one
{{- end }}
{{- if and (not .s3.bucket) (or .s3.endpoint .s3.existingSecret .s3.capacity) }}
kvCache.tiering.s3.bucket: is missing, and other settings of S3 are there; name a bucket, or remove them
{{- end }}
{{- if and .s3.bucket .s3.endpoint (not .s3.existingSecret) }}
kvCache.tiering.s3.existingSecret: a server of your own needs credentials; name a Secret with {{ .s3.accessKeyIdKey }} and {{ .s3.secretAccessKeyKey }}
{{- end }}
{{- else if or .s3.bucket .s3.endpoint .s3.existingSecret }}
kvCache.tiering.enabled: is false, and settings of S3 are there; set it to true, or remove them
{{- end }}
{{- end }}
{{- end -}}

{{- define "penstock.serviceErrors" -}}
{{- $values := .Values -}}
{{- if not $values.inferenceScheduler.enabled }}
{{- if $values.gateway.enabled }}
gateway.enabled: routes to the scheduler; set inferenceScheduler.enabled to true
{{- end }}
{{- end }}
{{- if and $values.gateway.enabled (not $values.gateway.className) }}
gateway.className: is missing; name a class of `kubectl get gatewayclasses`
{{- end }}
{{- if and $values.scheduler.tokenizer.path (not $values.scheduler.tokenizer.existingClaim) }}
scheduler.tokenizer.existingClaim: is missing; name the PersistentVolumeClaim that holds {{ $values.scheduler.tokenizer.path }}
{{- end }}
{{- end -}}

{{/* Kubernetes takes 63 characters as the name of a Service; pods of engines need some for their own. */}}
{{- define "penstock.nameErrors" -}}
{{- $prefix := include "penstock.prefix" . -}}
{{- $most := sub 63 (len "-default-deny") -}}
{{- if include "penstock.hasEngines" . }}{{ $most = sub 45 (len "-engines") }}{{ end -}}
{{- if gt (len $prefix) (int $most) }}
fullnameOverride: names would begin with {{ $prefix | quote }}, which has {{ len $prefix }} characters; set it, or the name of the release, to at most {{ $most }}
{{- end }}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $prefix) }}
fullnameOverride: is {{ $prefix | quote }}; names of Services begin with a letter and have lower case letters, digits and "-" only
{{- end }}
{{- end -}}
