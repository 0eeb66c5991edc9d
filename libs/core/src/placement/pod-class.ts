import type { ClusterSnapshot, Eligibility } from './cluster-snapshot.js';
import type { GangGroup, GangPod, PodShape } from './types.js';

/** Pods of one group that are alike: the search counts them instead of telling them apart. */
export interface PodClass {
  /** Index of the group in the request. */
  readonly group: number;
  readonly shape: PodShape;
  readonly resources: ReadonlyArray<{
    readonly name: string;
    readonly amount: number;
    readonly free: Float64Array;
  }>;
  readonly eligibility: Eligibility;
  /** Pods of the minimum, and those beyond it, in the order of the request. */
  readonly needed: readonly GangPod[];
  readonly extra: readonly GangPod[];
}

/** Sorts the pods of every group into classes. The first `minReplicas` of a group, bound ones included, are its minimum. */
export function podClasses(snapshot: ClusterSnapshot, groups: readonly GangGroup[]): PodClass[] {
  return groups.flatMap((group, index) => {
    const needed = Math.max(0, group.minReplicas - group.bound.length);
    const classes = new Map<
      string,
      { shape: PodShape; rules: string; needed: GangPod[]; extra: GangPod[] }
    >();
    const signatures = new Map<PodShape, { rules: string; all: string }>();
    group.pods.forEach((pod, place) => {
      let signature = signatures.get(pod.shape);
      if (!signature) {
        const rules = rulesOf(pod.shape);
        signature = { rules, all: JSON.stringify([rules, sorted(pod.shape.requests)]) };
        signatures.set(pod.shape, signature);
      }
      const known = classes.get(signature.all);
      const entry = known ?? { shape: pod.shape, rules: signature.rules, needed: [], extra: [] };
      if (!known) classes.set(signature.all, entry);
      (place < needed ? entry.needed : entry.extra).push(pod);
    });
    return [...classes.values()].map(({ shape, rules, needed, extra }) => ({
      ...{ group: index, shape, needed, extra },
      resources: Object.entries(shape.requests).map(([name, amount]) => ({
        ...{ name, amount },
        free: snapshot.free(name),
      })),
      eligibility: snapshot.eligibility(shape, rules),
    }));
  });
}

/** How many pods of a class a node has room for, as things stand. */
export function fitOf({ resources }: PodClass, node: number): number {
  let fit = Number.POSITIVE_INFINITY;
  for (let i = 0; i < resources.length; i++) {
    const { free, amount } = resources[i] as PodClass['resources'][number];
    fit = Math.min(fit, Math.floor((free[node] as number) / amount));
  }
  return Math.max(0, fit);
}

/** Puts `count` pods of a class on a node, or takes them away when negative. */
export function take({ resources }: PodClass, node: number, count: number): void {
  for (let i = 0; i < resources.length; i++) {
    const { free, amount } = resources[i] as PodClass['resources'][number];
    free[node] = (free[node] as number) - count * amount;
  }
}

/** The same text for shapes that the same nodes take. */
function rulesOf({ nodeSelector, affinity, tolerations }: PodShape): string {
  return JSON.stringify([sorted(nodeSelector), affinity ?? null, tolerations]);
}

function sorted(record: Readonly<Record<string, unknown>>): unknown[] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}
