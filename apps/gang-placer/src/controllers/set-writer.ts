import {
  type PodClique,
  type PodCliqueSet,
  type PodGang,
  podCliqueKind,
  podCliqueScalingGroupKind,
  podGangKind,
  serviceKind,
} from '@penstock/contracts';
import { progressOf } from '../workload/clique-progress.js';
import { desiredClique, podTemplateHash, WRITTEN_ANNOTATION } from '../workload/desired-clique.js';
import { desiredGangs } from '../workload/desired-gangs.js';
import { desiredGroup } from '../workload/desired-group.js';
import { desiredService } from '../workload/desired-service.js';
import type { CliqueInstance, SetInstances } from '../workload/instances.js';
import { controllerUid } from '../workload/ownership.js';
import { templateHashOf } from '../workload/pod-state.js';
import type { Packing } from '../workload/resolve-topology.js';
import { nextUpdates } from '../workload/rollout.js';
import { isTrue } from '../workload/set-condition.js';
import type { Closeness, SetModel } from '../workload/set-model.js';
import { stableHash } from '../workload/stable-hash.js';
import type { FencedWriter } from './fenced-writer.js';
import { inChunks } from './in-chunks.js';
import type { SetView } from './set-view.js';
import type { WorkloadView } from './workload-view.js';

export interface SetWriterOptions {
  readonly object: PodCliqueSet;
  readonly set: SetModel;
  readonly existing: SetView;
  readonly view: WorkloadView;
  readonly writer: FencedWriter;
  /** Scheduler of gangs whose template names none. */
  readonly schedulerName: string;
  readonly packing: (closeness: Closeness | undefined) => Packing | undefined;
}

/** Creates and updates what a set is made of: gangs before cliques, so that no pod exists without its gang. */
export class SetWriter {
  constructor(private readonly options: SetWriterOptions) {}

  async write({ groups, cliques }: SetInstances): Promise<void> {
    const { set } = this.options;
    await inChunks(
      Array.from({ length: set.replicas }, (_, i) => i),
      (replica) => this.writeService(replica),
    );
    const owners = new Map<string, string>();
    await inChunks(groups, async (instance) => {
      const { existing, writer } = this.options;
      const group =
        existing.groups.get(instance.name) ??
        (await writer.create(podCliqueScalingGroupKind, desiredGroup(set, instance)));
      if (group?.metadata.uid) owners.set(instance.name, group.metadata.uid);
    });
    const { schedulerName, packing } = this.options;
    await inChunks(desiredGangs(set, cliques, schedulerName, packing), (gang) => this.writeGang(gang));
    const allowed = this.allowedUpdates(cliques);
    await inChunks(cliques, async (instance) => {
      const owner = instance.group ? owners.get(instance.group.instance.name) : set.uid;
      // Without an owner: an earlier life of the group is being deleted, and its end is told.
      if (owner !== undefined) await this.writeClique(instance, owner, allowed);
    });
  }

  private async writeService(replica: number): Promise<void> {
    const { set, existing, writer } = this.options;
    const wanted = desiredService(set, replica);
    const found = existing.services.get(wanted.metadata.name);
    if (!found) await writer.create(serviceKind, wanted);
    else if ((found.spec?.publishNotReadyAddresses ?? false) !== set.publishNotReadyAddresses) {
      await writer.patch(serviceKind, found, {
        spec: { publishNotReadyAddresses: set.publishNotReadyAddresses },
      });
    }
  }

  private async writeGang(wanted: PodGang): Promise<void> {
    const { object, existing, writer } = this.options;
    const found = existing.gangs.get(wanted.metadata.name);
    if (!found) {
      if (!(await writer.create(podGangKind, wanted))) return;
      const message = `PodGang ${wanted.metadata.name} of ${wanted.spec.podgroups.length} cliques`;
      writer.tell({ regarding: object, type: 'Normal', reason: 'PodGangCreated', message });
      return;
    }
    if (found.metadata.deletionTimestamp) return;
    const spec = { ...found.spec, ...wanted.spec, podgroups: mergedGroups(found, wanted) };
    if (stableHash(spec) !== stableHash(found.spec)) await writer.update(podGangKind, { ...found, spec });
  }

  private async writeClique(
    instance: CliqueInstance,
    owner: string,
    allowed: ReadonlySet<string>,
  ): Promise<void> {
    const { set, existing, writer } = this.options;
    const wanted = desiredClique(set, instance, owner);
    const found = existing.cliques.get(instance.name);
    if (!found) {
      await writer.create(podCliqueKind, wanted);
      return;
    }
    if (found.metadata.deletionTimestamp || controllerUid(found) !== owner) return;
    if (templateHashOf(found) !== templateHashOf(wanted) && !allowed.has(instance.name)) return;
    if (
      found.metadata.annotations?.[WRITTEN_ANNOTATION] === wanted.metadata.annotations?.[WRITTEN_ANNOTATION]
    )
      return;
    await writer.update(podCliqueKind, updatedClique(found, wanted));
  }

  /** Cliques whose pods may follow a changed template now. */
  private allowedUpdates(cliques: readonly CliqueInstance[]): Set<string> {
    const { set, existing, view } = this.options;
    if (set.updateOnDelete) return new Set(cliques.map(({ name }) => name));
    const progress = cliques.flatMap((instance) => {
      const clique = existing.cliques.get(instance.name);
      if (!clique || clique.metadata.deletionTimestamp) return [];
      const pods = view.podsOf(set.namespace, instance.name);
      const own = pods.filter((pod) => controllerUid(pod) === clique.metadata.uid);
      return [progressOf(instance, clique, own, podTemplateHash(set, instance.model))];
    });
    return nextUpdates(progress);
  }
}

/** Whoever scales a clique owns its replicas once it exists. */
function updatedClique(found: PodClique, wanted: PodClique): PodClique {
  return {
    ...found,
    metadata: {
      ...found.metadata,
      labels: wanted.metadata.labels,
      annotations: { ...found.metadata.annotations, ...wanted.metadata.annotations },
    },
    spec: { ...wanted.spec, replicas: found.spec.replicas },
  };
}

/** Groups as the set wants them; references and minimum of a group that is there belong to whoever fills it. */
function mergedGroups(found: PodGang, wanted: PodGang): PodGang['spec']['podgroups'] {
  const initialized = isTrue(found.status?.conditions, 'Initialized');
  return wanted.spec.podgroups.map((group) => {
    const known = found.spec.podgroups.find(({ name }) => name === group.name);
    if (known) return { ...known, topologyConstraint: group.topologyConstraint };
    // It joins a gang that may be placed already, which must not wait for pods that do not exist yet.
    return initialized ? { ...group, minReplicas: 0 } : group;
  });
}
