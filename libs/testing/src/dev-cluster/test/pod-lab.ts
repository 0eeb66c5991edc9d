import { fileURLToPath } from 'node:url';
import { CoreV1Api, KubeConfig, type V1Pod, type V1PodSpec } from '@kubernetes/client-node';
import { eventually } from '../contract/contract-cluster.js';
import type { ImageCommand } from '../dev-cluster-options.js';

const PROGRAM = fileURLToPath(new URL('./pod-program.mjs', import.meta.url));

/** The images pods of these tests use. */
export const LAB_IMAGES: Record<string, ImageCommand> = {
  'lab/server': { command: [process.execPath, PROGRAM] },
  'lab/missing': { command: ['/no/such/program'] },
};

/** An address range per test file, so that files that run side by side do not meet. */
export function labCidr(third: number): string {
  return `127.${30 + (process.pid % 200)}.${third}.0/24`;
}

/** Asked by the name of the port, as engines are. */
export const READINESS = {
  httpGet: { path: '/health', port: 'http' },
  periodSeconds: 1,
  failureThreshold: 1,
};

/** Pods of one cluster, by name, in the default namespace. */
export class PodLab {
  private readonly core: CoreV1Api;

  constructor(readonly kubeconfig: string) {
    const config = new KubeConfig();
    config.loadFromString(kubeconfig);
    this.core = config.makeApiClient(CoreV1Api);
  }

  get api(): CoreV1Api {
    return this.core;
  }

  /** A pod with one container of the lab's server image. */
  async create(
    name: string,
    args: string[] = [],
    spec: Partial<V1PodSpec> = {},
    container: object = {},
  ): Promise<V1Pod> {
    const main = {
      name: 'main',
      image: 'lab/server:1',
      args,
      ports: [{ name: 'http', containerPort: 8000 }],
      readinessProbe: READINESS,
      ...container,
    };
    return this.core.createNamespacedPod({
      namespace: 'default',
      body: { metadata: { name }, spec: { terminationGracePeriodSeconds: 2, containers: [main], ...spec } },
    });
  }

  read(name: string): Promise<V1Pod> {
    return this.core.readNamespacedPod({ namespace: 'default', name });
  }

  /** Waits until the pod is as wanted. @throws Error with its last status */
  async until(name: string, check: (pod: V1Pod) => boolean, timeoutMs = 10_000): Promise<V1Pod> {
    return eventually(async () => {
      const pod = await this.read(name);
      if (!check(pod)) throw new Error(`pod ${name}: ${JSON.stringify(pod.status)}`);
      return pod;
    }, timeoutMs);
  }

  running(name: string): Promise<V1Pod> {
    return this.until(name, isReady);
  }

  async gone(name: string, timeoutMs = 10_000): Promise<void> {
    await eventually(async () => {
      const list = await this.core.listNamespacedPod({
        namespace: 'default',
        fieldSelector: `metadata.name=${name}`,
      });
      if (list.items.length > 0) throw new Error(`pod ${name} is still there`);
    }, timeoutMs);
  }

  delete(name: string, gracePeriodSeconds?: number): Promise<V1Pod> {
    return this.core.deleteNamespacedPod({ namespace: 'default', name, gracePeriodSeconds });
  }

  /** Calls the program in the pod. */
  async call(pod: V1Pod, path = '/'): Promise<{ pid: number; podIp: string }> {
    const answer = await fetch(`http://${pod.status?.podIP}:8000${path}`);
    return (await answer.json()) as { pid: number; podIp: string };
  }

  log(name: string, options: object = {}): Promise<string> {
    return this.core.readNamespacedPodLog({ namespace: 'default', name, ...options });
  }
}

export function isReady(pod: V1Pod): boolean {
  return pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false;
}

export const restarts = (pod: V1Pod): number => pod.status?.containerStatuses?.[0]?.restartCount ?? 0;
