import type { PodClique, PodCliqueScalingGroup, PodGang, Service } from '@penstock/contracts';
import type { ClusterObject } from '@penstock/core/ports';
import type { ExistingScale } from '../workload/instances.js';
import { controllerUid } from '../workload/ownership.js';
import type { SetModel } from '../workload/set-model.js';
import type { WorkloadView } from './workload-view.js';

/** What exists of one life of a set, by name; objects that are being deleted are in it too. */
export interface SetView {
  readonly groups: ReadonlyMap<string, PodCliqueScalingGroup>;
  readonly cliques: ReadonlyMap<string, PodClique>;
  readonly gangs: ReadonlyMap<string, PodGang>;
  readonly services: ReadonlyMap<string, Service>;
}

export function setView(view: WorkloadView, { namespace, name, uid }: SetModel): SetView {
  const key = `${namespace}/${name}`;
  const groups = ownedBy(view.groupsOf(key), new Set([uid]));
  const owners = new Set([uid, ...[...groups.values()].map(({ metadata }) => metadata.uid ?? '')]);
  return {
    groups,
    cliques: ownedBy(view.cliquesOf(key), owners),
    gangs: ownedBy(view.gangsOf(key), owners),
    services: ownedBy(view.servicesOf(key), owners),
  };
}

/** Replicas of what exists. */
export function existingScale({ groups, cliques }: SetView): ExistingScale {
  return {
    groupReplicas: (name) => {
      const group = groups.get(name);
      return group && (group.spec.replicas ?? 1);
    },
    clique: (name) => {
      const spec = cliques.get(name)?.spec;
      return spec && { replicas: spec.replicas ?? 1, minAvailable: spec.minAvailable };
    },
  };
}

function ownedBy<T extends ClusterObject>(
  objects: readonly T[],
  owners: ReadonlySet<string>,
): Map<string, T> {
  const own = objects.filter((object) => owners.has(controllerUid(object) ?? ''));
  return new Map(own.map((object) => [object.metadata.name, object]));
}
