import { GROVE_LABELS, type PodGang } from '@penstock/contracts';
import type { CliqueInstance, GroupInstance } from './instances.js';
import { names } from './names.js';
import { ownedBy, setLabels } from './ownership.js';
import type { Packing } from './resolve-topology.js';
import type { Closeness, SetModel } from './set-model.js';

type PackingOf = (closeness: Closeness | undefined) => Packing | undefined;

/**
 * The PodGangs of a set, without references to pods: per replica one base gang of the standalone cliques and the
 * replicas of scaling groups up to their minimum, and one scaled gang per replica of a group beyond it.
 */
export function desiredGangs(
  set: SetModel,
  cliques: readonly CliqueInstance[],
  schedulerName: string,
  packing: PackingOf,
): PodGang[] {
  const byGang = new Map<string, CliqueInstance[]>();
  for (const clique of cliques) {
    const members = byGang.get(clique.gang) ?? [];
    members.push(clique);
    byGang.set(clique.gang, members);
  }
  return [...byGang].map(([name, members]) => gang(set, name, members, schedulerName, packing));
}

function gang(
  set: SetModel,
  name: string,
  cliques: readonly CliqueInstance[],
  schedulerName: string,
  packing: PackingOf,
): PodGang {
  const [first] = cliques;
  const isBase = first === undefined || first.baseGang === name;
  const closeness = isBase ? set.closeness : (first.group?.instance.model.closeness ?? set.closeness);
  return {
    apiVersion: 'scheduler.grove.io/v1alpha1',
    kind: 'PodGang',
    metadata: {
      name,
      namespace: set.namespace,
      labels: {
        ...setLabels(set.name),
        [GROVE_LABELS.component]: 'podgang',
        [GROVE_LABELS.podCliqueSetReplicaIndex]: String(first?.setReplica ?? 0),
        [GROVE_LABELS.schedulerName]: set.schedulerName ?? schedulerName,
        ...(isBase ? {} : { [GROVE_LABELS.basePodGang]: first.baseGang }),
      },
      ownerReferences: ownedBy('PodCliqueSet', set.name, set.uid),
    },
    spec: {
      podgroups: cliques.map((clique) => ({
        name: clique.name,
        podReferences: [],
        minReplicas: Math.min(clique.minAvailable, clique.replicas),
        topologyConstraint: packing(clique.model.closeness),
      })),
      topologyConstraint: packing(closeness),
      topologyConstraintGroupConfigs: isBase ? groupConfigs(cliques, packing) : undefined,
      priorityClassName: set.priorityClassName,
    },
  };
}

/** In a base gang every replica of a scaling group keeps to the group's own constraint. */
function groupConfigs(
  cliques: readonly CliqueInstance[],
  packing: PackingOf,
): PodGang['spec']['topologyConstraintGroupConfigs'] {
  const replicas = new Map<string, { instance: GroupInstance; members: string[] }>();
  for (const { name, group } of cliques) {
    if (!group?.instance.model.closeness) continue;
    const key = names.replica(group.instance.name, group.replica);
    const entry = replicas.get(key) ?? { instance: group.instance, members: [] };
    entry.members.push(name);
    replicas.set(key, entry);
  }
  if (replicas.size === 0) return undefined;
  return [...replicas].map(([name, { instance, members }]) => ({
    name,
    podGroupNames: members,
    topologyConstraint: packing(instance.model.closeness),
  }));
}
