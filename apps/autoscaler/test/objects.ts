import {
  type Deployment,
  deploymentKind,
  GROVE_LABELS,
  type HorizontalPodAutoscaler,
  type InferencePool,
  type Pod,
  type PodClique,
  type PodCliqueScalingGroup,
  type PodCliqueSet,
  type VariantAutoscaling,
} from '@penstock/contracts';

export const NAMESPACE = 'ns';
export const POOL_LABELS = { app: 'engine' };

export const pool = (name = 'pool', matchLabels: Record<string, string> = POOL_LABELS): InferencePool => ({
  apiVersion: 'inference.networking.k8s.io/v1',
  kind: 'InferencePool',
  metadata: { namespace: NAMESPACE, name },
  spec: { selector: { matchLabels }, targetPorts: [{ number: 8000 }] },
});

export const deployment = (
  name: string,
  replicas: number,
  labels: Record<string, string> = {},
): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { namespace: NAMESPACE, name },
  spec: {
    replicas,
    selector: { matchLabels: { variant: name } },
    template: {
      metadata: { labels: { ...POOL_LABELS, variant: name, ...labels } },
      spec: { containers: [{ name: 'main', image: 'none' }] },
    },
  },
});

export const variantOf = (
  target: string,
  spec: Partial<VariantAutoscaling['spec']> = {},
  annotations: Record<string, string> = {},
): VariantAutoscaling => ({
  apiVersion: 'llmd.ai/v1alpha1',
  kind: 'VariantAutoscaling',
  metadata: { namespace: NAMESPACE, name: target, annotations },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: deploymentKind.kind, name: target },
    modelID: 'm',
    ...spec,
  },
});

export const hpaOf = (target: string): HorizontalPodAutoscaler => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { namespace: NAMESPACE, name: `hpa-${target}` },
  spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target }, maxReplicas: 5 },
});

export const podOf = (name: string, labels: Record<string, string>): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: NAMESPACE, name, labels },
    spec: { containers: [{ name: 'main', image: 'none' }] },
  }) as Pod;

const container = { name: 'main', image: 'none' };

/** Prefill and decode cliques, the decode ones in a scaling group of two pods per replica. */
export const podCliqueSet = (name: string): PodCliqueSet => ({
  apiVersion: 'grove.io/v1alpha1',
  kind: 'PodCliqueSet',
  metadata: { namespace: NAMESPACE, name },
  spec: {
    replicas: 1,
    template: {
      cliques: [
        {
          name: 'prefill',
          labels: { ...POOL_LABELS, 'llm-d.ai/role': 'prefill' },
          spec: { replicas: 1, podSpec: { containers: [container] } },
        },
        {
          name: 'leader',
          labels: { ...POOL_LABELS, 'llm-d.ai/role': 'decode' },
          spec: { replicas: 1, podSpec: { containers: [container] } },
        },
        { name: 'worker', labels: {}, spec: { replicas: 1, podSpec: { containers: [container] } } },
      ],
      podCliqueScalingGroups: [{ name: 'decode', cliqueNames: ['leader', 'worker'], replicas: 1 }],
    },
  },
});

export const podClique = (set: string, name: string, replicas: number): PodClique => ({
  apiVersion: 'grove.io/v1alpha1',
  kind: 'PodClique',
  metadata: {
    namespace: NAMESPACE,
    name,
    labels: { ...POOL_LABELS, 'llm-d.ai/role': 'prefill', [GROVE_LABELS.partOf]: set },
  },
  spec: { replicas, podSpec: { containers: [container] } },
});

export const scalingGroup = (
  set: string,
  name: string,
  replicas: number,
  uid = 'x',
): PodCliqueScalingGroup => ({
  apiVersion: 'grove.io/v1alpha1',
  kind: 'PodCliqueScalingGroup',
  metadata: {
    namespace: NAMESPACE,
    name,
    ownerReferences: [{ apiVersion: 'grove.io/v1alpha1', kind: 'PodCliqueSet', name: set, uid }],
  },
  spec: { replicas, cliqueNames: ['leader', 'worker'] },
});
