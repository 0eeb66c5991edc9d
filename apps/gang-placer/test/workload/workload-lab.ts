import {
  type Pod,
  type PodClique,
  type PodCliqueScalingGroup,
  type PodCliqueSet,
  type PodGang,
  podCliqueKind,
  podCliqueScalingGroupKind,
  podCliqueSetKind,
  podGangKind,
  podKind,
} from '@penstock/contracts';
import type { Cluster } from '@penstock/core/ports';
import { FakeClock, FakeCluster, until } from '@penstock/testing';
import pino from 'pino';
import { WorkloadControllers } from '../../src/controllers/workload-controllers.js';

export const NAMESPACE = 'llm';

export const clique = (name: string, spec: object = {}, more: object = {}) => ({
  name,
  ...more,
  spec: { roleName: name, podSpec: { containers: [{ name: 'main', image: `${name}:1` }] }, ...spec },
});

export const podCliqueSet = (template: object, spec: object = {}, name = 'pcs'): PodCliqueSet =>
  ({
    apiVersion: 'grove.io/v1alpha1',
    kind: 'PodCliqueSet',
    metadata: { name, namespace: NAMESPACE },
    spec: { replicas: 1, ...spec, template },
  }) as PodCliqueSet;

/** The workload controllers on a cluster in memory, with the scheduler and the kubelet played by the test. */
export class WorkloadLab {
  readonly clock = new FakeClock();
  private controllers: WorkloadControllers | undefined;
  private isDead: () => boolean = () => false;

  constructor(readonly cluster = new FakeCluster(() => this.clock?.nowMs() ?? 0)) {}

  /**
   * @param through what the controllers see of the cluster; the cluster itself when absent
   * @param isDead true once they can do nothing any more
   */
  async start(through: Cluster = this.cluster, isDead: () => boolean = () => false): Promise<void> {
    this.isDead = isDead;
    this.controllers = new WorkloadControllers({
      cluster: through,
      clock: this.clock,
      logger: pino({ level: 'silent' }),
      config: { schedulerName: 'penstock-gang-placer', startupGateImage: 'gate' },
    });
    this.controllers.lead({ transitions: 1, isHeld: () => true });
    await this.settle();
  }

  async stop(): Promise<void> {
    await this.controllers?.yield();
    await this.controllers?.close();
    this.controllers = undefined;
  }

  /** Until nothing is left to do. */
  async settle(): Promise<void> {
    let idle = 0;
    await until(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.isDead()) return true;
      idle =
        this.controllers && this.controllers.unsynced().length + this.controllers.pending === 0
          ? idle + 1
          : 0;
      return idle > 2;
    }, 20_000);
  }

  async apply(set: PodCliqueSet): Promise<void> {
    await this.cluster.apply(podCliqueSetKind, set);
    await this.settle();
  }

  set = (name = 'pcs') => this.cluster.get(podCliqueSetKind, NAMESPACE, name) as Promise<PodCliqueSet>;
  clique = (name: string) => this.cluster.get(podCliqueKind, NAMESPACE, name) as Promise<PodClique>;
  group = (name: string) =>
    this.cluster.get(podCliqueScalingGroupKind, NAMESPACE, name) as Promise<PodCliqueScalingGroup>;
  gang = (name: string) => this.cluster.get(podGangKind, NAMESPACE, name) as Promise<PodGang>;
  pod = (name: string) => this.cluster.get(podKind, NAMESPACE, name) as Promise<Pod>;

  async pods(): Promise<Pod[]> {
    const pods = await this.cluster.list(podKind, { namespace: NAMESPACE });
    return pods.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  }

  async names(kind: 'pods' | 'cliques' | 'gangs' | 'groups' = 'pods'): Promise<string[]> {
    const kinds = {
      pods: podKind,
      cliques: podCliqueKind,
      gangs: podGangKind,
      groups: podCliqueScalingGroupKind,
    };
    const objects = await this.cluster.list(kinds[kind] as typeof podKind, { namespace: NAMESPACE });
    return objects.map(({ metadata }) => metadata.name).sort();
  }

  /** Names of the pods that still have a gate. */
  async gated(): Promise<string[]> {
    return (await this.pods())
      .filter(({ spec }) => spec?.schedulingGates?.length)
      .map(({ metadata }) => metadata.name);
  }

  /** Binds the pods (all that may be bound) and settles. */
  async bind(...names: string[]): Promise<void> {
    for (const { metadata, spec } of await this.pods()) {
      const { name, uid = '' } = metadata;
      if (spec?.nodeName || spec?.schedulingGates?.length || (names.length > 0 && !names.includes(name)))
        continue;
      await this.cluster.bindPod({ namespace: NAMESPACE, name, uid }, 'node');
    }
    await this.settle();
  }

  /** Makes bound pods (all of them) ready or not. */
  async ready(value = true, ...names: string[]): Promise<void> {
    for (const { metadata, spec, status } of await this.pods()) {
      if (!spec?.nodeName || (names.length > 0 && !names.includes(metadata.name))) continue;
      const conditions = (status?.conditions ?? []).filter(({ type }) => type !== 'Ready');
      const next = {
        phase: 'Running',
        conditions: [...conditions, { type: 'Ready', status: value ? 'True' : 'False' }],
      };
      await this.cluster.mergePatch(
        podKind,
        NAMESPACE,
        metadata.name,
        { status: next },
        { subresource: 'status' },
      );
    }
    await this.settle();
  }

  /** Binds and readies until nothing changes any more. */
  async run(): Promise<void> {
    for (let round = 0; round < 20; round++) {
      const before = JSON.stringify((await this.pods()).map(({ metadata }) => metadata.resourceVersion));
      await this.bind();
      const startable = (await this.pods()).filter(
        ({ metadata, spec }) =>
          spec?.['initContainers'] === undefined ||
          metadata.annotations?.['penstock.dev/start-allowed'] === 'true',
      );
      const notReady = startable.filter(
        ({ status }) => !status?.conditions?.some(({ type }) => type === 'Ready'),
      );
      if (notReady.length > 0) await this.ready(true, ...notReady.map(({ metadata }) => metadata.name));
      const after = JSON.stringify((await this.pods()).map(({ metadata }) => metadata.resourceVersion));
      if (before === after) return;
    }
  }

  async scale(
    kind: typeof podCliqueKind | typeof podCliqueScalingGroupKind | typeof podCliqueSetKind,
    name: string,
    replicas: number,
  ): Promise<void> {
    await this.cluster.writeScale(kind, NAMESPACE, name, replicas);
    await this.settle();
  }

  async deletePod(name: string): Promise<void> {
    await this.cluster.delete(podKind, NAMESPACE, name);
    await this.settle();
  }
}
