/** Programs that tests of a real cluster need, and those that people and charts are checked with. */
export const TOOL_NAMES = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubectl',
  'kwok',
  'nats-server',
  'helm',
  'grpcurl',
] as const;

export type ToolName = (typeof TOOL_NAMES)[number];

export interface Tool {
  readonly name: ToolName;
  /** Import path of its main package, one of the `tool` lines of go.mod. */
  readonly package: string;
}

/** Every tool, in the order of building: the first ones are small, and what follows reuses what they compiled. */
export const TOOLS: readonly Tool[] = [
  { name: 'etcd', package: 'go.etcd.io/etcd/server/v3' },
  { name: 'kubectl', package: 'k8s.io/kubernetes/cmd/kubectl' },
  { name: 'kube-apiserver', package: 'k8s.io/kubernetes/cmd/kube-apiserver' },
  { name: 'kube-controller-manager', package: 'k8s.io/kubernetes/cmd/kube-controller-manager' },
  { name: 'kube-scheduler', package: 'k8s.io/kubernetes/cmd/kube-scheduler' },
  { name: 'kwok', package: 'sigs.k8s.io/kwok/cmd/kwok' },
  { name: 'nats-server', package: 'github.com/nats-io/nats-server/v2' },
  { name: 'helm', package: 'helm.sh/helm/v4/cmd/helm' },
  { name: 'grpcurl', package: 'github.com/fullstorydev/grpcurl/cmd/grpcurl' },
];

/** What a real cluster cannot do without. */
export const CLUSTER_TOOLS: readonly ToolName[] = [
  'etcd',
  'kube-apiserver',
  'kubectl',
  'kube-controller-manager',
  'kube-scheduler',
  'kwok',
];
