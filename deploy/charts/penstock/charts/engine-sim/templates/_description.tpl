{{- define "engine-sim.description" -}}
{{- $values := .Values.engineSim -}}
component: engine-sim
isEngine: true
podLabels:
  llm-d.ai/role: both
ports:
  - {name: http, port: 8000}
  - {name: kv-events, port: 5557}
  - {name: kv-replay, port: 5558}
probes: {port: http, live: /health, ready: /health}
preStopSeconds: 5
args:
  - {{ printf "--model=%s" $values.model | quote }}
  - --host=0.0.0.0
  - --port=8000
  - {{ printf "--sim-speed=%v" $values.speed | quote }}
  - '--kv-events-config={"enable_kv_cache_events":true,"publisher":"zmq","endpoint":"tcp://*:5557","replay_endpoint":"tcp://*:5558"}'
ingress:
  - ports:
      - {protocol: TCP, port: http}
    from:
      - podSelector:
          matchLabels:
            app.kubernetes.io/name: penstock
            app.kubernetes.io/instance: {{ .Release.Name }}
          matchExpressions:
            - {key: app.kubernetes.io/component, operator: In, values: [scheduler, kv-index]}
  - ports:
      - {protocol: TCP, port: kv-events}
      - {protocol: TCP, port: kv-replay}
    from:
      - podSelector:
          matchLabels:
            {{- include "penstock.selector" (list . "kv-index") | nindent 12 }}
{{- end -}}
