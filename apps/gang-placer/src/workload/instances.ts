import { names } from './names.js';
import { type CliqueModel, type GroupModel, groupOfClique, type SetModel } from './set-model.js';

/** Replicas belong to whoever scales, once an object exists; the template only says with how many it is created. */
export interface ExistingScale {
  /** `spec.replicas` of a scaling group, by its full name; undefined while there is none. */
  readonly groupReplicas: (name: string) => number | undefined;
  /** Of a PodClique, by its full name; undefined while there is none. */
  readonly clique: (
    name: string,
  ) => { readonly replicas: number; readonly minAvailable?: number } | undefined;
}

/** A scaling group in one replica of the set. */
export interface GroupInstance {
  readonly name: string;
  readonly model: GroupModel;
  readonly setReplica: number;
  readonly replicas: number;
}

/** A clique in one replica of the set, or in one replica of a scaling group there. */
export interface CliqueInstance {
  readonly name: string;
  readonly model: CliqueModel;
  readonly setReplica: number;
  readonly group?: { readonly instance: GroupInstance; readonly replica: number };
  readonly gang: string;
  readonly baseGang: string;
  /** Full names of the cliques that must be ready before its pods start. */
  readonly startsAfter: readonly string[];
  readonly replicas: number;
  /** Pods that are placed all or nothing while it is awake. */
  readonly minAvailable: number;
}

/** Groups and cliques of all replicas of a set, in the order of the template. */
export interface SetInstances {
  readonly groups: readonly GroupInstance[];
  readonly cliques: readonly CliqueInstance[];
}

export function instancesOf(set: SetModel, existing: ExistingScale): SetInstances {
  const replicas = Array.from({ length: set.replicas }, (_, replica) => replica);
  const groups = replicas.flatMap((setReplica) =>
    set.groups.map((model): GroupInstance => {
      const name = names.group(set.name, setReplica, model.name);
      return { name, model, setReplica, replicas: existing.groupReplicas(name) ?? model.replicas };
    }),
  );
  const cliques = replicas.flatMap((replica) => {
    const here = groups.filter(({ setReplica }) => setReplica === replica);
    return set.cliques.flatMap((model) => cliqueInstances(set, model, replica, here, existing));
  });
  return { groups, cliques };
}

function cliqueInstances(
  set: SetModel,
  model: CliqueModel,
  setReplica: number,
  groups: readonly GroupInstance[],
  existing: ExistingScale,
): CliqueInstance[] {
  const baseGang = names.replica(set.name, setReplica);
  const make = (
    name: string,
    rest: Pick<CliqueInstance, 'group' | 'gang' | 'startsAfter'>,
  ): CliqueInstance => {
    const known = existing.clique(name);
    const replicas = known?.replicas ?? model.replicas;
    const minAvailable = model.minAvailable ?? known?.minAvailable ?? Math.max(1, model.replicas);
    return { name, model, setReplica, baseGang, replicas, minAvailable, ...rest };
  };
  const inBase = model.startsAfter.flatMap((before) => baseNames(set, before, setReplica, groups));
  const instance = groups.find((group) => group.model.cliqueNames.includes(model.name));
  if (!instance) {
    return [make(names.clique(set.name, setReplica, model.name), { gang: baseGang, startsAfter: inBase })];
  }
  return Array.from({ length: instance.replicas }, (_, replica) => {
    const beyond = replica - instance.model.minAvailable;
    return make(names.clique(instance.name, replica, model.name), {
      group: { instance, replica },
      gang: beyond < 0 ? baseGang : names.scaledGang(instance.name, beyond),
      startsAfter: beyond < 0 ? inBase : besideNames(model, instance, replica),
    });
  });
}

/** A clique of the base gang, by its full names: one per replica of its group that the base gang holds. */
function baseNames(
  set: SetModel,
  clique: string,
  setReplica: number,
  groups: readonly GroupInstance[],
): string[] {
  if (!groupOfClique(set, clique)) return [names.clique(set.name, setReplica, clique)];
  const group = groups.find(({ model }) => model.cliqueNames.includes(clique));
  if (!group) return [];
  const length = Math.min(group.replicas, group.model.minAvailable);
  return Array.from({ length }, (_, replica) => names.clique(group.name, replica, clique));
}

/** In a scaled gang only its own cliques wait for each other. */
function besideNames({ startsAfter }: CliqueModel, group: GroupInstance, replica: number): string[] {
  return startsAfter
    .filter((before) => group.model.cliqueNames.includes(before))
    .map((before) => names.clique(group.name, replica, before));
}
