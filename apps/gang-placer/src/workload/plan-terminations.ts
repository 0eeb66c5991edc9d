import type { Condition, PodClique, PodCliqueScalingGroup } from '@penstock/contracts';
import type { CliqueInstance } from './instances.js';

/** Annotation of a PodClique: pods that were created before this time (RFC 3339) are replaced, all at once. */
export const TERMINATE_BEFORE_ANNOTATION = 'penstock.dev/terminate-before';

export interface TerminationCandidate {
  readonly instance: CliqueInstance;
  readonly clique: PodClique;
  /** Pods of it hold places. */
  readonly hasScheduledPods: boolean;
}

export interface Termination {
  /** Cliques that are not marked yet. */
  readonly cliques: readonly PodClique[];
  /** The first of this breach; else it goes on with cliques that are not marked yet. */
  readonly isFirst: boolean;
  /** For the annotation. */
  readonly before: string;
  /** What has been below its minimum for too long. */
  readonly because: string;
}

export interface TerminationPlan {
  readonly due: readonly Termination[];
  /** When the next one may be due, if nothing changes. */
  readonly nextInMs: number | undefined;
}

/** Cliques that serve or fail together, and what of them is below its minimum since when. */
interface Unit {
  readonly members: readonly TerminationCandidate[];
  readonly breaches: ReadonlyArray<{ readonly name: string; readonly sinceMs: number }>;
}

/**
 * Gangs that stayed below their minimum for longer than the delay: their pods are replaced together, as what is left of
 * them holds devices without serving. A replica of the set goes when a standalone clique or a scaling group of it is
 * breached; while a group has enough other replicas, only its broken replica goes. Each breach has this effect once:
 * the mark on the cliques is as old as the breach or younger. What never got a node is left waiting.
 */
export function planTerminations(
  candidates: readonly TerminationCandidate[],
  group: (name: string) => PodCliqueScalingGroup | undefined,
  delayMs: number,
  nowMs: number,
): TerminationPlan {
  const open = unitsOf(candidates, group).filter(
    ({ members, breaches }) =>
      breaches.length > 0 && members.some(({ hasScheduledPods }) => hasScheduledPods),
  );
  const due: Termination[] = [];
  let nextInMs: number | undefined;
  for (const { members, breaches } of open) {
    const { name, sinceMs } = breaches.reduce((a, b) => (b.sinceMs < a.sinceMs ? b : a));
    const leftMs = sinceMs + delayMs - nowMs;
    if (leftMs > 0) {
      nextInMs = Math.min(nextInMs ?? leftMs, leftMs);
      continue;
    }
    const marked = members.map(({ clique }) => markOf(clique)).filter((mark) => mark >= sinceMs);
    const beforeMs = marked.length > 0 ? Math.max(...marked) : nowMs;
    const cliques = members.map(({ clique }) => clique).filter((clique) => markOf(clique) < sinceMs);
    if (cliques.length === 0) continue;
    const before = `${new Date(beforeMs).toISOString().slice(0, 19)}Z`;
    due.push({ cliques, isFirst: marked.length === 0, before, because: name });
  }
  return { due, nextInMs };
}

function unitsOf(
  candidates: readonly TerminationCandidate[],
  group: (name: string) => PodCliqueScalingGroup | undefined,
): Unit[] {
  const replicas = Map.groupBy(candidates, ({ instance }) => instance.setReplica);
  return [...replicas.values()].flatMap((members): Unit[] => {
    const standalone = members.filter(({ instance }) => !instance.group);
    const groups = new Set(members.flatMap(({ instance }) => instance.group?.instance.name ?? []));
    const whole = [
      ...standalone.flatMap(({ clique }) => breachOf(clique.metadata.name, clique.status?.conditions)),
      ...[...groups].flatMap((name) => breachOf(name, group(name)?.status?.conditions)),
    ];
    if (whole.length > 0) return [{ members, breaches: whole }];
    const grouped = members.filter(({ instance }) => instance.group);
    const copies = Map.groupBy(
      grouped,
      ({ instance }) => `${instance.group?.instance.name}/${instance.group?.replica}`,
    );
    return [...copies.values()].map((copy) => ({
      members: copy,
      breaches: copy.flatMap(({ clique }) => breachOf(clique.metadata.name, clique.status?.conditions)),
    }));
  });
}

function breachOf(name: string, conditions: readonly Condition[] | undefined): Unit['breaches'] {
  const breach = conditions?.find(({ type, status }) => type === 'MinAvailableBreached' && status === 'True');
  return breach ? [{ name, sinceMs: Date.parse(breach.lastTransitionTime) }] : [];
}

/** Time of a clique's mark; long ago when it has none. */
function markOf({ metadata }: PodClique): number {
  const mark = Date.parse(metadata.annotations?.[TERMINATE_BEFORE_ANNOTATION] ?? '');
  return Number.isNaN(mark) ? Number.NEGATIVE_INFINITY : mark;
}
