import {
  type PodCliqueSet,
  podCliqueKind,
  podCliqueScalingGroupKind,
  podCliqueSetKind,
  podGangKind,
  serviceKind,
} from '@penstock/contracts';
import type { Cluster, ClusterObject, ResourceKind } from '@penstock/core/ports';
import type { SetInstances } from '../workload/instances.js';
import { names } from '../workload/names.js';
import type { SetModel } from '../workload/set-model.js';
import type { FencedWriter } from './fenced-writer.js';
import { inChunks } from './in-chunks.js';
import type { SetView } from './set-view.js';

export interface ExcessOptions {
  readonly object: PodCliqueSet;
  readonly set: SetModel;
  readonly existing: SetView;
  readonly instances: SetInstances;
  readonly cluster: Pick<Cluster, 'get'>;
  readonly writer: FencedWriter;
}

/**
 * Deletes what a set has too much of after it or a group was scaled down. Before pods go, the API is asked whether
 * that is still wanted.
 * @returns false when what is known is older than the API: nothing was deleted, look again
 */
export async function removeExcess(options: ExcessOptions): Promise<boolean> {
  const { set, existing, instances, writer } = options;
  const replicas = Array.from({ length: set.replicas }, (_, replica) => names.replica(set.name, replica));
  const cliques = excess(
    existing.cliques,
    instances.cliques.map(({ name }) => name),
  );
  const gangs = excess(
    existing.gangs,
    instances.cliques.map(({ gang }) => gang),
  );
  const groups = excess(
    existing.groups,
    instances.groups.map(({ name }) => name),
  );
  const services = excess(existing.services, replicas);
  if (cliques.length + gangs.length + groups.length + services.length === 0) return true;
  if (!(await isCurrent(options))) return false;
  const remove = <T extends ClusterObject>(kind: ResourceKind<T>, objects: readonly T[]) =>
    inChunks(objects, (object) => writer.delete(kind, object));
  await remove(podCliqueKind, cliques);
  await remove(podGangKind, gangs);
  await remove(podCliqueScalingGroupKind, groups);
  await remove(serviceKind, services);
  return true;
}

function excess<T extends ClusterObject>(found: ReadonlyMap<string, T>, wanted: readonly string[]): T[] {
  const keep = new Set(wanted);
  return [...found.values()].filter(
    ({ metadata }) => !keep.has(metadata.name) && metadata.deletionTimestamp === undefined,
  );
}

async function isCurrent({ object, existing, cluster }: ExcessOptions): Promise<boolean> {
  const { namespace, name, uid, generation } = object.metadata;
  const live = await cluster.get(podCliqueSetKind, namespace, name);
  if (live?.metadata.uid !== uid || live?.metadata.generation !== generation) return false;
  for (const group of existing.groups.values()) {
    const now = await cluster.get(podCliqueScalingGroupKind, namespace, group.metadata.name);
    if (now && (now.spec.replicas ?? 1) !== (group.spec.replicas ?? 1)) return false;
  }
  return true;
}
