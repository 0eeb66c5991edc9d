import type { Role } from './role.js';
import type { Variant } from './variant.js';

/** Sets of roles that serve a request on their own, in order of preference at equal price. */
const SETS: ReadonlyArray<readonly Role[]> = [
  ['both'],
  ['prefill', 'decode'],
  ['decode'],
  ['prefill'],
  ['batch'],
];

/**
 * The roles that requests without an engine wait for: the set that has replicas, or is getting them; where none
 * has, the one whose cheapest variants cost least, of those we may scale. A set of decode or prefill alone counts only
 * where the pool has no variants of the other, batch only where there is nothing else.
 */
export function servingRoles(variants: readonly Variant[]): ReadonlySet<Role> {
  const present = new Set(variants.map((variant) => variant.role));
  const possible = SETS.filter((set) => set.every((role) => present.has(role)));
  const whole = possible.filter(
    (set) =>
      !possible.some((other) => other.length > set.length && set.every((role) => other.includes(role))),
  );
  const served = whole.filter((set) => set[0] !== 'batch' || whole.length === 1);
  const isUp = (role: Role) => of(variants, role).some((variant) => variant.specReplicas > 0);
  const up = served.filter((set) => set.every(isUp));
  const partly = served.filter((set) => set.some(isUp));
  // Nobody wakes what only somebody else may scale.
  const writable = served.filter((set) =>
    set.every((role) => of(variants, role).some((variant) => variant.writable)),
  );
  const candidates = [up, partly, writable, served].find((sets) => sets.length > 0) ?? [];
  const cheapest = candidates.reduce<readonly Role[] | undefined>(
    (best, set) => (best && price(best, variants) <= price(set, variants) ? best : set),
    undefined,
  );
  return new Set(cheapest);
}

function of(variants: readonly Variant[], role: Role): Variant[] {
  return variants.filter((variant) => variant.role === role);
}

function price(set: readonly Role[], variants: readonly Variant[]): number {
  return set.reduce((sum, role) => sum + Math.min(...of(variants, role).map((variant) => variant.cost)), 0);
}
