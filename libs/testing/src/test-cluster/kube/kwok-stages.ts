const stage = (name: string, kind: string, matchExpressions: object[], next: object) => ({
  apiVersion: 'kwok.x-k8s.io/v1alpha1',
  kind: 'Stage',
  metadata: { name },
  spec: { resourceRef: { apiGroup: 'v1', kind }, selector: { matchExpressions }, next },
});
const absent = (key: string) => ({ key, operator: 'DoesNotExist' });

const NODE_STATUS = `conditions:
- type: Ready
  status: "True"
  reason: KubeletReady
  lastHeartbeatTime: {{ Quote Now }}
  lastTransitionTime: {{ Quote Now }}
`;

const POD_STATUS = `{{ $now := Quote Now }}
phase: Running
startTime: {{ $now }}
{{ with NodeIPWith .spec.nodeName }}
hostIP: {{ Quote . }}
{{ end }}
podIP: {{ Quote (PodIPWith .spec.nodeName (or .spec.hostNetwork false) (or .metadata.uid "") (or .metadata.name "") (or .metadata.namespace "")) }}
conditions:
{{ range $type := list "PodReadyToStartContainers" "Initialized" "ContainersReady" "Ready" }}
- {type: {{ $type }}, status: "True", lastTransitionTime: {{ $now }}}
{{ end }}
{{ range .spec.readinessGates }}
- {type: {{ Quote .conditionType }}, status: "True", lastTransitionTime: {{ $now }}}
{{ end }}
initContainerStatuses:
{{ range .spec.initContainers }}
- name: {{ Quote .name }}
  image: {{ Quote .image }}
  ready: true
  restartCount: 0
  {{ if eq (or .restartPolicy "") "Always" }}
  started: true
  state: {running: {startedAt: {{ $now }}}}
  {{ else }}
  state: {terminated: {exitCode: 0, reason: Completed, startedAt: {{ $now }}, finishedAt: {{ $now }}}}
  {{ end }}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- name: {{ Quote .name }}
  image: {{ Quote .image }}
  ready: true
  started: true
  restartCount: 0
  state: {running: {startedAt: {{ $now }}}}
{{ end }}
`;

/**
 * What kwok does in place of a kubelet: nodes are ready, pods bound to them run and are ready at once with an address
 * of their own, and go at once when they are deleted.
 *
 * The format is that of kwok's `Stage`; times, names and addresses are filled in by its templates.
 */
export const KWOK_STAGES: readonly object[] = [
  stage(
    'node-ready',
    'Node',
    [
      {
        key: '.status.conditions.[] | select( .type == "Ready" ) | .status',
        operator: 'NotIn',
        values: ['True'],
      },
    ],
    { statusTemplate: NODE_STATUS },
  ),
  stage(
    'pod-running',
    'Pod',
    [absent('.metadata.deletionTimestamp'), { key: '.status.phase', operator: 'In', values: ['Pending'] }],
    { statusTemplate: POD_STATUS },
  ),
  stage('pod-delete', 'Pod', [{ key: '.metadata.deletionTimestamp', operator: 'Exists' }], { delete: true }),
];
