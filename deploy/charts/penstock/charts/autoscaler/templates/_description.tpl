{{- define "autoscaler.description" -}}
{{- $lease := include "penstock.name" (list . "autoscaler") -}}
component: autoscaler
apiAccess: true
ports:
  - {name: grpc, port: 9103}
  - {name: metrics, port: 9092}
env:
  {{- include "penstock.natsEnvironment" . | nindent 2 }}
  {{- include "penstock.namespaceEnvironment" . | nindent 2 }}
  - name: PENSTOCK_LEASE_NAMESPACE
    valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
  - name: PENSTOCK_LEASE_NAME
    value: {{ $lease }}
lease: {{ $lease }}
rules:
  - apiGroups: [llmd.ai]
    resources: [variantautoscalings]
    verbs: [list, watch]
  - apiGroups: [llmd.ai]
    resources: [variantautoscalings/status]
    verbs: [patch]
  - apiGroups: [autoscaling]
    resources: [horizontalpodautoscalers]
    verbs: [list, watch]
  - apiGroups: [inference.networking.k8s.io, inference.networking.x-k8s.io]
    resources: [inferencepools]
    verbs: [list, watch]
  - apiGroups: [apps]
    resources: [deployments]
    verbs: [list, watch]
  - apiGroups: [grove.io]
    resources: [podcliques, podcliquesets, podcliquescalinggroups]
    verbs: [list, watch]
  - apiGroups: [apps]
    resources: [deployments/scale]
    verbs: [get, patch]
  - apiGroups: [grove.io]
    resources: [podcliques/scale, podcliquesets/scale, podcliquescalinggroups/scale]
    verbs: [get, patch]
  # Drains are annotations of pods.
  - apiGroups: [""]
    resources: [pods]
    verbs: [list, watch, patch]
  - apiGroups: [""]
    resources: [events]
    verbs: [create, patch]
egress:
  {{- include "penstock.toNats" . | nindent 2 }}
{{- end -}}
