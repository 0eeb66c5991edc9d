{{/*
Pod template of a service.
Arguments: list of the context, the description of the service and its values.
*/}}
{{- define "penstock.pod" -}}
{{- $root := index . 0 -}}
{{- $service := index . 1 -}}
{{- $values := index . 2 -}}
{{- $user := $values.runAsUser | default 10001 | int64 -}}
{{- if eq (toString $values.runAsUser) "0" }}{{ $user = int64 0 }}{{ end -}}
metadata:
  labels:
    {{- include "penstock.labels" (list $root $service.component) | nindent 4 }}
    {{- with $service.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- with $values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "penstock.name" (list $root $service.component) }}
  automountServiceAccountToken: {{ $service.apiAccess | default false }}
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include "penstock.graceSeconds" (list $service $values) }}
  {{- with concat ($root.Values.global.imagePullSecrets) ($values.imagePullSecrets) }}
  imagePullSecrets:
    {{- range uniq . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  securityContext:
    runAsNonRoot: {{ ne $user 0 }}
    runAsUser: {{ $user }}
    runAsGroup: {{ $user }}
    fsGroup: {{ $user }}
    seccompProfile: {type: RuntimeDefault}
  {{- with $values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with $values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if gt (int ($values.replicas | default 1)) 1 }}
  topologySpreadConstraints:
    {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "penstock.selector" (list $root $service.component) | nindent 10 }}
    {{- end }}
  {{- end }}
  containers:
    - name: {{ $service.component }}
      {{- include "penstock.container" . | nindent 6 }}
  volumes:
    - name: tmp
      emptyDir: {sizeLimit: 64Mi}
    {{- with $service.volumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{- define "penstock.container" -}}
{{- $root := index . 0 -}}
{{- $service := index . 1 -}}
{{- $values := index . 2 -}}
image: {{ include "penstock.image" $root }}
imagePullPolicy: {{ $root.Values.image.pullPolicy }}
command: [/app/bin/{{ $service.component }}]
{{- with $service.args }}
args:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if $service.isEngine }}
{{- with $values.extraEnv }}
env:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- else }}
env:
  {{- include "penstock.environment" . | nindent 2 }}
{{- end }}
ports:
  {{- range $service.ports }}
  - name: {{ .name }}
    containerPort: {{ .port }}
  {{- end }}
{{- $probed := $service.probes | default (dict "port" "metrics" "live" "/healthz" "ready" "/readyz") }}
startupProbe:
  httpGet: {path: {{ $probed.live }}, port: {{ $probed.port }}}
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: {path: {{ $probed.live }}, port: {{ $probed.port }}}
  periodSeconds: 10
  timeoutSeconds: 5
readinessProbe:
  httpGet: {path: {{ $probed.ready }}, port: {{ $probed.port }}}
  periodSeconds: 5
  timeoutSeconds: 5
{{- with $service.preStopSeconds }}
lifecycle:
  # So that nobody is sent here any more when the listener closes.
  preStop:
    sleep: {seconds: {{ . }}}
{{- end }}
resources:
  {{- toYaml $values.resources | nindent 2 }}
securityContext:
  {{- include "penstock.locked" . | nindent 2 }}
volumeMounts:
  - name: tmp
    mountPath: /tmp
  {{- with $service.volumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* What no container of ours may do. */}}
{{- define "penstock.locked" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* The time that requests get to finish, the sleep before it and some more. */}}
{{- define "penstock.graceSeconds" -}}
{{- $drainMs := dig "config" "drainTimeoutMs" 10000 (index . 1) | int64 -}}
{{- add (div (add $drainMs 999) 1000) (int (index . 0).preStopSeconds) 10 -}}
{{- end -}}
