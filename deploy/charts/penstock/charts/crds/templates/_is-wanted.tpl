{{/*
Whether a definition is to be installed: unless the cluster has one that is not of this release.
Argument: list of the context and the name of the definition.
*/}}
{{- define "crds.isWanted" -}}
{{- $root := index . 0 -}}
{{- $found := lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" (index . 1) -}}
{{- $annotations := dig "metadata" "annotations" dict $found -}}
{{- $owner := printf "%s/%s" (get $annotations "meta.helm.sh/release-namespace") (get $annotations "meta.helm.sh/release-name") -}}
{{- if or (not $found) (eq $owner (printf "%s/%s" $root.Release.Namespace $root.Release.Name)) -}}
true
{{- end -}}
{{- end -}}
