{{/*
Fails with one line per Secret that values name and the namespace has not. Only `helm install` and `helm upgrade` can
look; elsewhere, as in `helm template`, nothing is known of the cluster and nothing is said.
*/}}
{{- define "penstock.requireSecrets" -}}
{{- $values := .Values -}}
{{- $wanted := list -}}
{{- with .Values.externalNats -}}
{{- $wanted = append $wanted (dict "value" "externalNats" "name" .existingSecret "keys" (list .existingSecretKey)) -}}
{{- end -}}
{{- with .Values.externalRedis -}}
{{- if $values.kvIndex.enabled -}}
{{- $wanted = append $wanted (dict "value" "externalRedis" "name" .existingSecret "keys" (list .existingSecretKey)) -}}
{{- end -}}
{{- end -}}
{{- with .Values.kvCache.tiering.s3 -}}
{{- $wanted = append $wanted (dict "value" "kvCache.tiering.s3" "name" .existingSecret "keys" (list .accessKeyIdKey .secretAccessKeyKey)) -}}
{{- end -}}
{{- $errors := list -}}
{{- if include "penstock.seesCluster" . -}}
{{- range $secret := $wanted -}}
{{- if and .name (not (include "penstock.isMade" (list $values.extraObjects .name))) -}}
{{- $found := lookup "v1" "Secret" $.Release.Namespace .name -}}
{{- if not $found -}}
{{- $errors = append $errors (printf "%s.existingSecret: namespace %s has no Secret %q; create it with the keys %s, or correct the name" .value $.Release.Namespace .name (join ", " .keys)) -}}
{{- else -}}
{{- range $key := .keys -}}
{{- if not (hasKey ($found.data | default dict) $key) -}}
{{- $errors = append $errors (printf "%s.existingSecret: Secret %q has no key %q; it has %s" $secret.value $secret.name $key (keys ($found.data | default dict) | sortAlpha | join ", " | default "none")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if $errors -}}
{{- fail (printf "\n  %s" (join "\n  " $errors)) -}}
{{- end -}}
{{- end -}}

{{/* Whether the cluster can be asked: every namespace has this account, and a namespace that is not there yet has no Secret. */}}
{{- define "penstock.seesCluster" -}}
{{- if lookup "v1" "ServiceAccount" .Release.Namespace "default" -}}
true
{{- else if .Values.crds.enabled -}}
{{- /* Who installs definitions may read namespaces. */ -}}
{{- if lookup "v1" "Namespace" "" "kube-system" }}true{{ end -}}
{{- end -}}
{{- end -}}

{{/* Whether an object of the release makes the Secret. Arguments: list of those objects and the name. */}}
{{- define "penstock.isMade" -}}
{{- $name := index . 1 -}}
{{- range index . 0 -}}
{{- if eq (dig "metadata" "name" "" .) $name }}true{{ end -}}
{{- end -}}
{{- end -}}
