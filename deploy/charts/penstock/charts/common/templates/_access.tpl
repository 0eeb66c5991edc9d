{{/*
Service account of a service and what it may do: `rules` in the namespace of the release, or everywhere with
global.allNamespaces; `ownRules` in the namespace of the release in any case; `clusterRules` everywhere; `lease`, the name of the Lease by which it elects its leader.
*/}}
{{- define "penstock.access" -}}
{{- $root := index . 0 -}}
{{- $service := index . 1 -}}
{{- $values := index . 2 -}}
{{- $key := list $root $service.component -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "penstock.metadata" $key | nindent 2 }}
  {{- with dig "serviceAccount" "annotations" dict $values }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- $everywhere := $service.clusterRules | default list -}}
{{- $here := $service.ownRules | default list -}}
{{- if $root.Values.global.allNamespaces -}}
{{- $everywhere = concat ($service.rules | default list) $everywhere -}}
{{- else -}}
{{- $here = concat $here ($service.rules | default list) -}}
{{- end -}}
{{- with $service.lease -}}
{{- $leases := dict "apiGroups" (list "coordination.k8s.io") "resources" (list "leases") -}}
{{- $here = concat $here (list (merge (dict "verbs" (list "create")) $leases) (merge (dict "verbs" (list "get" "update") "resourceNames" (list .)) $leases)) -}}
{{- end -}}
{{- with $here }}
---
{{ include "penstock.role" (list $root $service.component "Role" .) }}
{{- end }}
{{- with $everywhere }}
---
{{ include "penstock.role" (list $root $service.component "ClusterRole" .) }}
{{- end }}
{{- end -}}

{{/* A role and its binding. Arguments: list of the context, the component, the kind and the rules. */}}
{{- define "penstock.role" -}}
{{- $root := index . 0 -}}
{{- $key := list $root (index . 1) -}}
{{- $kind := index . 2 -}}
{{- $isWide := eq $kind "ClusterRole" -}}
{{- $name := ternary (include "penstock.clusterName" $key) (include "penstock.name" $key) $isWide -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}
metadata:
  name: {{ $name }}
  {{- if not $isWide }}
  namespace: {{ $root.Release.Namespace }}
  {{- end }}
  labels:
    {{- include "penstock.labels" $key | nindent 4 }}
rules:
  {{- toYaml (index . 3) | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}Binding
metadata:
  name: {{ $name }}
  {{- if not $isWide }}
  namespace: {{ $root.Release.Namespace }}
  {{- end }}
  labels:
    {{- include "penstock.labels" $key | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ $kind }}
  name: {{ $name }}
subjects:
  - kind: ServiceAccount
    name: {{ include "penstock.name" $key }}
    namespace: {{ $root.Release.Namespace }}
{{- end -}}
