/** One ReplicaSet of a Deployment, as the rollout sees it. */
export interface SizedSet {
  readonly name: string;
  /** Pods it asks for. */
  readonly replicas: number;
  /** Pods of it that are available. */
  readonly available: number;
  /** The `max-replicas` annotation: what the Deployment allowed when this set was last sized. */
  readonly maxBefore: number | undefined;
}

export interface RolloutState {
  readonly replicas: number;
  readonly maxSurge: number;
  readonly maxUnavailable: number;
  readonly newSet: SizedSet;
  /** Oldest first. */
  readonly oldSets: readonly SizedSet[];
}

/** Sizes to give, by ReplicaSet; those not named stay. */
export type Sizes = ReadonlyMap<string, number>;

const total = (sets: readonly SizedSet[], of: (set: SizedSet) => number): number =>
  sets.reduce((sum, set) => sum + of(set), 0);

/**
 * `maxSurge` and `maxUnavailable` as numbers of pods. Percentages are rounded up and down; both 0 would never end.
 *
 * @param surge number or percentage such as `25%`
 */
export function rolloutBounds(
  replicas: number,
  surge: unknown,
  unavailable: unknown,
): { maxSurge: number; maxUnavailable: number } {
  const resolve = (value: unknown, round: (n: number) => number): number =>
    typeof value === 'string' && value.endsWith('%')
      ? round((Number.parseFloat(value) * replicas) / 100)
      : Number(value ?? 0);
  const maxSurge = resolve(surge, Math.ceil);
  const maxUnavailable = Math.min(resolve(unavailable, Math.floor), replicas);
  return { maxSurge, maxUnavailable: maxSurge === 0 && maxUnavailable === 0 ? 1 : maxUnavailable };
}

/** How many pods the new set may have now: all that are wanted, within the surge. */
export function newSetSize({ replicas, maxSurge, newSet, oldSets }: RolloutState): number {
  const room = replicas + maxSurge - newSet.replicas - total(oldSets, (set) => set.replicas);
  if (newSet.replicas >= replicas) return replicas;
  return newSet.replicas + Math.max(0, Math.min(room, replicas - newSet.replicas));
}

/**
 * The next step of a rolling update: the new set grows within the surge, else old sets shrink, first by pods that are
 * not available, as far as enough pods stay available.
 */
export function planRollingUpdate(state: RolloutState): Sizes {
  const { replicas, maxUnavailable, newSet, oldSets } = state;
  const grown = newSetSize(state);
  if (grown !== newSet.replicas) return new Map([[newSet.name, grown]]);
  const minAvailable = replicas - maxUnavailable;
  const all = newSet.replicas + total(oldSets, (set) => set.replicas);
  const newUnavailable = newSet.replicas - newSet.available;
  const sizes = new Map<string, number>();
  let spare = all - minAvailable - newUnavailable;
  if (spare <= 0) return sizes;
  for (const set of oldSets) {
    const unhealthy = Math.max(0, Math.min(spare, set.replicas - set.available));
    if (unhealthy > 0) sizes.set(set.name, set.replicas - unhealthy);
    spare -= unhealthy;
  }
  let surplus = newSet.available + total(oldSets, (set) => set.available) - minAvailable;
  for (const set of oldSets) {
    const size = sizes.get(set.name) ?? set.replicas;
    const less = Math.max(0, Math.min(size, surplus));
    if (less > 0) sizes.set(set.name, size - less);
    surplus -= less;
  }
  return sizes;
}

/**
 * Sizes when the number of wanted pods has changed in the middle of a rollout: every set grows or shrinks in proportion
 * to its size, what rounding leaves over goes to the largest.
 */
export function planScaling({ replicas, maxSurge, newSet, oldSets }: RolloutState): Sizes {
  const active = [...oldSets, newSet].filter((set) => set.replicas > 0);
  const [only] = active.length > 0 ? active : [newSet];
  if (only && active.length <= 1) {
    return only.replicas === replicas ? new Map() : new Map([[only.name, replicas]]);
  }
  const isSaturated = newSet.replicas === replicas && newSet.available === replicas;
  if (isSaturated) return new Map(oldSets.filter((s) => s.replicas > 0).map((s) => [s.name, 0]));
  const allowed = replicas > 0 ? replicas + maxSurge : 0;
  const toAdd = allowed - total(active, (set) => set.replicas);
  const isGrowing = toAdd > 0;
  // Of two of one size the newer grows first and the older shrinks first.
  const ordered = (isGrowing ? [...active].reverse() : active).sort((a, b) => b.replicas - a.replicas);
  const sizes = new Map<string, number>();
  let left = toAdd;
  for (const set of ordered) {
    const share = replicas === 0 ? -set.replicas : fraction(set, allowed);
    const change = isGrowing ? Math.max(0, Math.min(share, left)) : Math.min(0, Math.max(share, left));
    sizes.set(set.name, set.replicas + change);
    left -= change;
  }
  const first = ordered[0];
  if (first) sizes.set(first.name, Math.max(0, (sizes.get(first.name) ?? 0) + left));
  return new Map([...sizes].filter(([name, size]) => active.find((s) => s.name === name)?.replicas !== size));
}

const fraction = ({ replicas, maxBefore }: SizedSet, allowed: number): number =>
  Math.round((replicas * allowed) / (maxBefore || allowed)) - replicas;
