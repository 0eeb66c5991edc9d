{{- define "kv-node.description" -}}
{{- $tiering := .Values.kvCache.tiering -}}
component: kv-node
kind: DaemonSet
isHeadless: true
ports:
  - {name: grpc, port: 9106}
  - {name: metrics, port: 9095}
env:
  - name: PENSTOCK_NODE
    valueFrom: {fieldRef: {fieldPath: spec.nodeName}}
  {{- range $tier := list "cpu" "ssd" }}
  {{- with get $tiering $tier }}
  {{- if .hostPath }}
  - name: PENSTOCK_{{ upper $tier }}_DIR
    value: /kv/{{ $tier }}
  - name: PENSTOCK_{{ upper $tier }}_CAPACITY
    value: {{ include "penstock.text" .capacity | quote }}
  {{- end }}
  {{- end }}
  {{- end }}
  {{- include "penstock.objectStoreEnvironment" . | nindent 2 }}
volumes:
  {{- range $tier := list "cpu" "ssd" }}
  {{- with (get $tiering $tier).hostPath }}
  - name: {{ $tier }}
    hostPath: {path: {{ . | quote }}, type: DirectoryOrCreate}
  {{- end }}
  {{- end }}
  {{- include "penstock.objectStoreVolumes" . | nindent 2 }}
volumeMounts:
  {{- range $tier := list "cpu" "ssd" }}
  {{- if (get $tiering $tier).hostPath }}
  - {name: {{ $tier }}, mountPath: /kv/{{ $tier }}}
  {{- end }}
  {{- end }}
  {{- include "penstock.objectStoreMounts" . | nindent 2 }}
ingress:
  - ports: [{protocol: TCP, port: grpc}]
    from:
      - podSelector:
          matchLabels:
            {{- include "penstock.selector" (list . "kv-offload") | nindent 12 }}
egress:
  {{- include "penstock.toObjectStore" . | nindent 2 }}
{{- end -}}
