{{- define "gang-placer.description" -}}
{{- $lease := include "penstock.name" (list . "gang-placer") -}}
component: gang-placer
apiAccess: true
ports:
  - {name: grpc, port: 9104}
  - {name: metrics, port: 9093}
env:
  {{- include "penstock.natsEnvironment" . | nindent 2 }}
  {{- include "penstock.namespaceEnvironment" . | nindent 2 }}
  - name: PENSTOCK_LEASE_NAMESPACE
    valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
  - name: PENSTOCK_LEASE_NAME
    value: {{ $lease }}
  {{- with .Values.kvCache.tiering }}
  {{- if .enabled }}
  - name: PENSTOCK_TIER_CPU_HOST_PATH
    value: {{ .cpu.hostPath | quote }}
  {{- with .ssd.hostPath }}
  - name: PENSTOCK_TIER_SSD_HOST_PATH
    value: {{ . | quote }}
  {{- end }}
  {{- end }}
  {{- end }}
  {{- if not .Values.gangPlacer.config.startupGateImage }}
  # The image of every service, whose entry point is none of them.
  - name: PENSTOCK_STARTUP_GATE_IMAGE
    value: {{ include "penstock.image" . | quote }}
  {{- if not .Values.gangPlacer.config.startupGateCommand }}
  - name: PENSTOCK_STARTUP_GATE_COMMAND
    value: /app/bin/startup-gate
  {{- end }}
  {{- end }}
lease: {{ $lease }}
# Room on a node is what pods of all namespaces leave.
clusterRules:
  - apiGroups: [""]
    resources: [nodes, pods]
    verbs: [list, watch]
  - apiGroups: [grove.io]
    resources: [clustertopologybindings]
    verbs: [list, watch]
  - apiGroups: [grove.io]
    resources: [clustertopologybindings/status]
    verbs: [patch]
rules:
  - apiGroups: [""]
    resources: [pods]
    verbs: [get, create, patch, delete]
  - apiGroups: [""]
    resources: [pods/binding]
    verbs: [create]
  - apiGroups: [""]
    resources: [pods/status]
    verbs: [patch]
  - apiGroups: [""]
    resources: [services]
    verbs: [list, watch, get, create, patch, delete]
  - apiGroups: [""]
    resources: [events]
    verbs: [create, patch]
  - apiGroups: [grove.io]
    resources: [podcliquesets]
    verbs: [list, watch, get]
  - apiGroups: [grove.io]
    resources: [podcliques]
    verbs: [list, watch, get, create, update, patch, delete]
  - apiGroups: [grove.io]
    resources: [podcliquescalinggroups]
    verbs: [list, watch, get, create, delete]
  - apiGroups: [grove.io]
    resources: [podcliquesets/status, podcliques/status, podcliquescalinggroups/status]
    verbs: [patch]
  - apiGroups: [scheduler.grove.io]
    resources: [podgangs]
    verbs: [list, watch, get, create, update, delete]
  - apiGroups: [scheduler.grove.io]
    resources: [podgangs/status]
    verbs: [update]
  - apiGroups: [penstock.dev]
    resources: [gangplacements]
    verbs: [list, watch, get, create, update, delete]
  - apiGroups: [penstock.dev]
    resources: [gangplacements/status]
    verbs: [update]
  {{- if ne (toString .Values.gangPlacer.config.translateForeignKinds) "false" }}
  # Translations: what is read, and what is made of it.
  - apiGroups: [nvidia.com]
    resources: [dynamographdeployments]
    verbs: [list, watch]
  - apiGroups: [inference.llm-d.io]
    resources: [inferencepools]
    verbs: [list, watch]
  - apiGroups: [nvidia.com]
    resources: [dynamographdeployments/status]
    verbs: [patch]
  - apiGroups: [inference.llm-d.io]
    resources: [inferencepools/status]
    verbs: [patch]
  - apiGroups: [grove.io]
    resources: [podcliquesets]
    verbs: [create, patch, delete]
  - apiGroups: [grove.io]
    resources: [podcliques/scale]
    verbs: [patch]
  - apiGroups: [inference.networking.k8s.io]
    resources: [inferencepools]
    verbs: [list, watch, get, create, patch, delete]
  - apiGroups: [inference.networking.x-k8s.io]
    resources: [inferencemodels]
    verbs: [list, watch, get, create, patch, delete]
  - apiGroups: [llmd.ai]
    resources: [variantautoscalings]
    verbs: [list, watch, get, create, patch, delete]
  {{- end }}
  {{- if .Capabilities.APIVersions.Has "security.openshift.io/v1" }}
  # OpenShift asks for this of whoever makes owned objects.
  - apiGroups: [grove.io]
    resources: [podcliquesets/finalizers, podcliquescalinggroups/finalizers, podcliques/finalizers]
    verbs: [update]
  - apiGroups: [nvidia.com]
    resources: [dynamographdeployments/finalizers]
    verbs: [update]
  - apiGroups: [inference.llm-d.io]
    resources: [inferencepools/finalizers]
    verbs: [update]
  {{- end }}
egress:
  {{- include "penstock.toNats" . | nindent 2 }}
{{- end -}}
