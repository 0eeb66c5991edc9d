{{- define "scheduler.description" -}}
{{- $values := .Values.scheduler -}}
component: scheduler
apiAccess: true
preStopSeconds: 5
ports:
  - {name: http, port: 8080}
  - {name: grpc, port: 9101}
  - {name: metrics, port: 9090}
env:
  {{- include "penstock.natsEnvironment" . | nindent 2 }}
  {{- include "penstock.namespaceEnvironment" . | nindent 2 }}
  - name: PENSTOCK_LEASE_NAMESPACE
    valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
  - name: PENSTOCK_ROUTING_POLICY
    value: {{ ternary "3-2-2" "least-request" $values.cacheAwareRouting }}
  {{- with $values.tokenizer }}
  {{- if .existingClaim }}
  - name: PENSTOCK_TOKENIZER_DIR
    value: {{ printf "/tokenizer/%s" (trimPrefix "/" .path) | trimSuffix "/" | quote }}
volumes:
  - name: tokenizer
    persistentVolumeClaim: {claimName: {{ .existingClaim }}, readOnly: true}
volumeMounts:
  - {name: tokenizer, mountPath: /tokenizer, readOnly: true}
  {{- end }}
  {{- end }}
lease: penstock-scheduler-status
rules:
  - apiGroups: [inference.networking.k8s.io]
    resources: [inferencepools]
    verbs: [list, watch]
  - apiGroups: [inference.networking.x-k8s.io]
    resources: [inferencepools, inferencemodels]
    verbs: [list, watch]
  - apiGroups: [llm-d.ai]
    resources: [inferencemodelrewrites]
    verbs: [list, watch]
  - apiGroups: [llmd.ai]
    resources: [variantautoscalings]
    verbs: [list, watch]
  - apiGroups: [""]
    resources: [pods]
    verbs: [list, watch]
  # Which labels the pods of a scale target will have.
  - apiGroups: [apps]
    resources: [deployments, statefulsets, replicasets]
    verbs: [get]
  - apiGroups: [leaderworkerset.x-k8s.io]
    resources: [leaderworkersets]
    verbs: [get]
  - apiGroups: [grove.io]
    resources: [podcliques, podcliquesets, podcliquescalinggroups]
    verbs: [get]
  - apiGroups: [inference.networking.k8s.io]
    resources: [inferencepools/status]
    verbs: [patch]
  - apiGroups: [inference.networking.x-k8s.io]
    resources: [inferencepools/status, inferencemodels/status]
    verbs: [patch]
  - apiGroups: [llm-d.ai]
    resources: [inferencemodelrewrites/status]
    verbs: [patch]
ingress:
  - ports: [{protocol: TCP, port: http}]
    {{- with .Values.networkPolicy.clients }}
    from:
      {{- toYaml . | nindent 6 }}
      - podSelector:
          matchLabels:
            {{- include "penstock.selector" (list $ "test") | nindent 12 }}
    {{- end }}
egress:
  {{- include "penstock.toNats" . | nindent 2 }}
  {{- include "penstock.toEngines" (list . .Values.networkPolicy.enginePorts) | nindent 2 }}
{{- end -}}
