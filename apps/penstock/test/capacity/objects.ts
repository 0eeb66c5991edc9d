import type {
  Deployment,
  HorizontalPodAutoscaler,
  InferenceModel,
  InferencePool,
  Pod,
  PodCliqueSet,
  VariantAutoscaling,
} from '@penstock/contracts';

type Container = NonNullable<Pod['spec']>['containers'][number];
type Clique = PodCliqueSet['spec']['template']['cliques'][number];

/** One engine process, at ten times the speed of the clock. */
export function engineContainer(options: { port: number; model: string; gpus?: number }): Container {
  const { port, model, gpus = 0 } = options;
  return {
    name: 'engine',
    image: 'penstock/engine-sim',
    args: ['--model=Qwen/Qwen3-32B', `--served-model-name=${model}`, `--port=${port}`, '--sim-speed=10'],
    ports: [{ name: 'http', containerPort: port }],
    readinessProbe: { httpGet: { path: '/health', port: 'http' }, periodSeconds: 1 },
    ...(gpus > 0 ? { resources: { limits: { 'nvidia.com/gpu': String(gpus) } } } : {}),
  } as Container;
}

/** A pool whose engines are the pods labelled `app: <name>`, and before it the object that names its model. */
export function poolObjects(
  namespace: string,
  name: string,
  port: number,
  modelName: string,
): [InferenceModel, InferencePool] {
  return [
    {
      apiVersion: 'inference.networking.x-k8s.io/v1alpha2',
      kind: 'InferenceModel',
      metadata: { namespace, name },
      spec: { modelName, poolRef: { name } },
    },
    {
      apiVersion: 'inference.networking.k8s.io/v1',
      kind: 'InferencePool',
      metadata: { namespace, name },
      spec: { selector: { matchLabels: { app: name } }, targetPorts: [{ number: port }] },
    },
  ];
}

export function clique(
  name: string,
  container: Container,
  labels: Record<string, string>,
  replicas = 1,
): Clique {
  return {
    name,
    labels,
    spec: { replicas, minAvailable: 1, podSpec: { containers: [container] } },
  } as Clique;
}

export function cliqueSet(
  namespace: string,
  name: string,
  template: PodCliqueSet['spec']['template'],
): PodCliqueSet {
  return {
    apiVersion: 'grove.io/v1alpha1',
    kind: 'PodCliqueSet',
    metadata: { namespace, name },
    spec: { replicas: 1, template },
  };
}

export function deployment(
  namespace: string,
  name: string,
  replicas: number,
  container: Container,
  pool = name,
): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace, name },
    spec: {
      replicas,
      selector: { matchLabels: { deployment: name } },
      template: {
        metadata: { labels: { app: pool, deployment: name } },
        spec: { containers: [container] },
      },
    },
  } as Deployment;
}

export function variant(
  namespace: string,
  name: string,
  target: { apiVersion: string; kind: string; name: string },
  spec: Partial<VariantAutoscaling['spec']> & { modelID: string },
  annotations: Record<string, string> = {},
): VariantAutoscaling {
  return {
    apiVersion: 'llmd.ai/v1alpha1',
    kind: 'VariantAutoscaling',
    metadata: { namespace, name, annotations },
    spec: { scaleTargetRef: target, ...spec },
  };
}

export function horizontalPodAutoscaler(namespace: string, target: string): HorizontalPodAutoscaler {
  const metrics = [
    {
      type: 'Resource',
      resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
    },
  ];
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { namespace, name: target },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target },
      ...{ minReplicas: 1, maxReplicas: 3, metrics },
    },
  };
}
