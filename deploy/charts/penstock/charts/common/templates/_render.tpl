{{/*
Every object of one service.
Arguments: list of the context of the umbrella chart, the key of the service's values and its description, which the
chart of the service defines as `<component>.description`:

  component      name in objects, labels and /app/bin
  kind           Deployment (default) or DaemonSet
  strategy       of a Deployment; RollingUpdate by default
  ports          [{name, port}]; `http` is the front door's
  apiAccess      whether the pods get a token for the Kubernetes API
  env, args, volumes, volumeMounts, podLabels, probes, preStopSeconds
  rules, ownRules, clusterRules, lease          see penstock.access
  ingress, egress                     rules of its NetworkPolicy
*/}}
{{- define "penstock.render" -}}
{{- $root := index . 0 -}}
{{- $values := get $root.Values (index . 1) -}}
{{- $service := include (index . 2) $root | fromYaml -}}
{{- with $service.Error }}{{ fail (printf "%s: %s" (index $ 2) .) }}{{ end -}}
{{- $all := list $root $service $values -}}
---
{{ include "penstock.access" $all }}
---
{{ include "penstock.workload" $all }}
{{- if not $service.isEngine }}
---
{{ include "penstock.network" $all }}
{{- end }}
---
{{ include "penstock.disruption" $all }}
{{- if $root.Values.networkPolicy.enabled }}
---
{{ include "penstock.policy" $all }}
{{- end }}
{{- end -}}
