import { addReplicas } from './add-replicas.js';
import type { DecisionCode, RoleValues } from './decision.js';
import { windowDemand } from './demand-history.js';
import type { PoolDemand } from './pool-demand.js';
import type { RoleMemory } from './pool-state.js';
import { cancelPending, type RemovalLimits, removeOne } from './remove-replicas.js';
import type { RoleDemand } from './role-demand.js';
import type { ScalingOptions } from './scaling-options.js';
import type { VariantFigures } from './variant-figures.js';
import { type CapacityOf, upOrder } from './variant-order.js';

export interface RoleSituation {
  readonly figures: readonly VariantFigures[];
  /** Absent while no scheduler reports. */
  readonly demand?: PoolDemand;
  readonly roleDemand?: RoleDemand;
  /** With the sample of this moment. */
  readonly memory: RoleMemory;
  readonly values: RoleValues;
  readonly capacityOf: CapacityOf;
  readonly nowMs: number;
  readonly options: ScalingOptions;
}

/** Replicas per variant, and why. Variants that are not named stay as they are. */
export interface RolePlan {
  readonly code: DecisionCode;
  readonly desired: ReadonlyMap<string, number>;
}

const stay = (code: DecisionCode): RolePlan => ({ code, desired: new Map() });

/** The number of replicas for one role of a pool. Limits of the variants have been applied to `figures` before. */
export function planRole(situation: RoleSituation): RolePlan {
  const { figures, demand, values, options } = situation;
  const current = total(figures, (f) => f.current);
  if (!demand || demand.schedulers === 0) return stay('hold-no-demand');
  if (values.takesHeld && demand.held + demand.requests > 0) {
    const woken = wake(situation);
    if (woken) return woken;
  }
  if (current === 0) return stay('asleep');
  if (total(figures, (f) => f.ready) === 0)
    return sleep(situation) ?? cancel(situation) ?? stay('hold-starting');
  if (values.knownShare < options.minKnownShare) return cancel(situation) ?? stay('hold-no-metrics');
  const isMeasurable = figures.some((f) => f.capacityTokens !== undefined);
  if (!isMeasurable && values.assuredTokens > 0) return stay('hold-no-capacity');
  if (values.requiredTokens > 0) return scaleUp(situation);
  return sleep(situation) ?? cancel(situation) ?? scaleDown(situation) ?? stay('steady');
}

/** Nothing serves or is about to: exactly one replica of one variant. */
function wake({ figures }: RoleSituation): RolePlan | undefined {
  if (!figures.every((f) => f.ready === 0 && (f.pending === 0 || f.stuck))) return undefined;
  const asleep = figures.filter((f) => f.current === 0 && f.variant.maxReplicas > 0);
  // One replica whatever it carries: the cheapest is the one with the lowest price, not price per capacity.
  const [chosen] = upOrder(asleep, () => 1);
  return chosen && { code: 'wake', desired: new Map([[chosen.variant.key, 1]]) };
}

function scaleUp({ figures, values, capacityOf }: RoleSituation): RolePlan {
  const start = new Map(figures.map((f) => [f.variant.key, f.current]));
  const { requiredTokens, stepLeft } = values;
  const { desired, missingTokens, budgetSpent } = addReplicas(
    figures,
    start,
    requiredTokens,
    stepLeft,
    capacityOf,
  );
  const added = [...desired].some(([key, replicas]) => replicas > (start.get(key) ?? 0));
  if (added) return { code: 'scale-up', desired };
  return stay(missingTokens > 0 && budgetSpent ? 'step-limit' : 'at-max');
}

/** The last replica goes when nothing was asked for long enough. */
function sleep({ figures, demand, memory, nowMs, options }: RoleSituation): RolePlan | undefined {
  const current = total(figures, (f) => f.current);
  const last = figures.find((f) => f.current > 0);
  if (!demand || current !== 1 || !last || last.variant.minReplicas > 0) return undefined;
  const { idleMs = options.idleMs } = last.variant;
  const asked = demand.requests + demand.inFlight + demand.held;
  if (asked > 0 || demand.idleForMs < idleMs || nowMs - memory.changedAtMs < idleMs) return undefined;
  return { code: 'idle', desired: new Map([[last.variant.key, 0]]) };
}

function cancel(situation: RoleSituation): RolePlan | undefined {
  const removal = limits(situation, false);
  const desired = removal && cancelPending(situation.figures, removal, situation.capacityOf);
  return desired && { code: 'cancel-pending', desired };
}

function scaleDown(situation: RoleSituation): RolePlan | undefined {
  // Tokens are spread over all replicas; where one has a full queue they are not.
  if (situation.figures.some((f) => f.saturated > 0)) return undefined;
  const removal = limits(situation, true);
  const chosen = removal && removeOne(situation.figures, removal, situation.capacityOf);
  return chosen && { code: 'scale-down', desired: new Map([[chosen.variant.key, chosen.current - 1]]) };
}

/** What a removal must respect now; undefined while the window is not over. */
function limits(
  { memory, values, nowMs, options }: RoleSituation,
  measured: boolean,
): RemovalLimits | undefined {
  const window = windowDemand(memory.samples, nowMs);
  const over = window.coveredMs >= options.downWindowMs && nowMs - memory.changedAtMs >= options.downWindowMs;
  if (!over || (measured && !window.measured)) return undefined;
  const neededTokens = window.tokens / options.downUtilisation;
  return { supplyTokens: values.supplyTokens, neededTokens, least: 1 };
}

function total(figures: readonly VariantFigures[], of: (f: VariantFigures) => number): number {
  return figures.reduce((sum, f) => sum + of(f), 0);
}
