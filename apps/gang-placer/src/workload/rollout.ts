import type { CliqueInstance } from './instances.js';

/** How far a clique that exists follows the template. */
export interface CliqueProgress {
  readonly instance: CliqueInstance;
  /** Its own template is older than the set's. */
  readonly outdated: boolean;
  /** All its pods follow its own template, are as many as wanted, and its minimum is ready. */
  readonly settled: boolean;
  readonly scheduledPods: number;
  readonly breached: boolean;
}

/** Cliques that are updated together: the standalone ones of a set's replica, or those of one group replica. */
interface Unit {
  readonly key: string;
  readonly cliques: readonly CliqueProgress[];
}

/**
 * Names of the outdated cliques that may get the new template now: one replica of the set at a time, in it all
 * standalone cliques and one replica of each scaling group. Replicas without scheduled pods come first, then those
 * below their minimum, then by index. It is decided from the cliques alone, so a placer that restarts goes on with the
 * replica that was begun.
 */
export function nextUpdates(progress: readonly CliqueProgress[]): Set<string> {
  const replicas = unitsBy(progress, ({ setReplica }) => String(setReplica));
  const current = nextUnit(replicas);
  if (!current) return new Set();
  const standalone = current.cliques.filter(({ instance }) => !instance.group);
  const grouped = current.cliques.filter(({ instance }) => instance.group);
  const groups = unitsBy(grouped, ({ group }) => group?.instance.name ?? '');
  const chosen = groups.flatMap(({ cliques }) => {
    const unit = nextUnit(unitsBy(cliques, ({ group }) => String(group?.replica ?? 0)));
    return unit?.cliques ?? [];
  });
  return new Set(
    [...standalone, ...chosen].filter(({ outdated }) => outdated).map(({ instance }) => instance.name),
  );
}

/** The unit that was begun; else none while an updated one settles; else the first outdated one. */
function nextUnit(units: readonly Unit[]): Unit | undefined {
  const outdated = units.filter(({ cliques }) => cliques.some((clique) => clique.outdated));
  if (outdated.length === 0) return undefined;
  const begun = outdated.find(({ cliques }) => cliques.some((clique) => !clique.outdated));
  if (begun) return begun;
  const settling = units.some(
    (unit) => !outdated.includes(unit) && unit.cliques.some((clique) => !clique.settled),
  );
  return settling ? undefined : [...outdated].sort((a, b) => rank(a) - rank(b))[0];
}

/** Units are in index order already, and sorting is stable. */
function rank({ cliques }: Unit): number {
  if (cliques.every(({ scheduledPods }) => scheduledPods === 0)) return 0;
  return cliques.some(({ breached }) => breached) ? 1 : 2;
}

function unitsBy(progress: readonly CliqueProgress[], keyOf: (instance: CliqueInstance) => string): Unit[] {
  const units = new Map<string, CliqueProgress[]>();
  for (const clique of progress) {
    const key = keyOf(clique.instance);
    const cliques = units.get(key) ?? [];
    cliques.push(clique);
    units.set(key, cliques);
  }
  return [...units].map(([key, cliques]) => ({ key, cliques }));
}
