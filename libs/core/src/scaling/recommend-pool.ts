import type { DecisionCode, RoleValues, VariantDecision } from './decision.js';
import { remember, windowDemand } from './demand-history.js';
import { explainDecision } from './explain-decision.js';
import { measureVariant } from './measure-variant.js';
import { median } from './median.js';
import { planRole } from './plan-role.js';
import type { PoolDemand } from './pool-demand.js';
import { EMPTY_POOL_STATE, type PoolState, type RoleMemory, type VariantMemory } from './pool-state.js';
import { EMPTY_VARIANT_MEMORY, rememberVariant } from './remember-variant.js';
import { factsByPod, type ReplicaLoad, replicaLoads } from './replica-load.js';
import type { Role } from './role.js';
import { type RoleDemand, roleDemand } from './role-demand.js';
import { servingRoles } from './role-set.js';
import type { ScalingOptions } from './scaling-options.js';
import type { Variant } from './variant.js';
import type { VariantFigures } from './variant-figures.js';

/** One pool at one moment. Plain data. */
export interface PoolInput {
  readonly nowMs: number;
  /** Absent while the pool was never reported. */
  readonly demand?: PoolDemand;
  readonly variants: readonly Variant[];
}

/**
 * Recommends replicas for every variant of a pool. Same input, state and options: same answer.
 *
 * Per role, in KV tokens: D = in use + queued × request + held. Scale up by max(0, D / upUtilisation − capacity that is
 * ready or coming); scale down by one when the ready rest still carries D / downUtilisation, for the most D of the
 * window. What is missing, not a number or stale is never taken for zero: then nothing is decided.
 * @returns decisions in the order of keys, and the state for the next call
 */
export function recommendPool(
  input: PoolInput,
  state: PoolState = EMPTY_POOL_STATE,
  options: ScalingOptions,
): { decisions: VariantDecision[]; state: PoolState } {
  const variants = [...input.variants].sort((a, b) => (a.key < b.key ? -1 : 1));
  const serving = servingRoles(variants);
  const byPod = factsByPod(input.demand?.engines ?? []);
  const next = { variants: {} as Record<string, VariantMemory>, roles: {} as Record<string, RoleMemory> };
  const decisions: VariantDecision[] = [];
  for (const role of [...new Set(variants.map((variant) => variant.role))].sort()) {
    const members = variants
      .filter((variant) => variant.role === role)
      .map((variant) => member(variant, replicaLoads(variant, byPod), state, input.nowMs, options));
    const planned = recommendRole(role, members, serving.has(role), input, state.roles[role], options);
    next.roles[role] = planned.memory;
    decisions.push(...planned.decisions);
    for (const { figures, loads, memory } of members) {
      const tokens = planned.requestTokens;
      const { key } = figures.variant;
      next.variants[key] = rememberVariant(memory, figures, loads, tokens, input.nowMs, options);
    }
  }
  return { decisions: decisions.sort((a, b) => (a.key < b.key ? -1 : 1)), state: next };
}

interface Member {
  readonly figures: VariantFigures;
  readonly loads: readonly ReplicaLoad[];
  readonly memory: VariantMemory;
}

function member(
  variant: Variant,
  loads: readonly ReplicaLoad[],
  state: PoolState,
  nowMs: number,
  options: ScalingOptions,
): Member {
  const memory = state.variants[variant.key] ?? EMPTY_VARIANT_MEMORY;
  return { loads, memory, figures: measureVariant(variant, loads, memory, nowMs, options) };
}

function recommendRole(
  role: Role,
  members: readonly Member[],
  takesHeld: boolean,
  { nowMs, demand }: PoolInput,
  before: RoleMemory | undefined,
  options: ScalingOptions,
): { decisions: VariantDecision[]; memory: RoleMemory; requestTokens: number } {
  const figures = members.map((m) => m.figures);
  const fallback = median(figures.flatMap((f) => f.capacityTokens ?? [])) ?? 0;
  const capacityOf = (f: VariantFigures) => f.capacityTokens ?? fallback;
  const reported = demand && demand.schedulers > 0 ? demand : undefined;
  const tokens = reported && roleDemand(role, figures, reported, takesHeld, options);
  const knownShare = shareKnown(figures);
  const memory = rememberRole(before, figures, tokens, knownShare >= options.minKnownShare, nowMs, options);
  const values = roleValues(role, takesHeld, figures, tokens, knownShare, memory, capacityOf, nowMs, options);
  const plan = planRole({ figures, demand: reported, memory, values, capacityOf, nowMs, options });
  const decisions = figures.map((f): VariantDecision => {
    const { key, minReplicas, maxReplicas } = f.variant;
    const planned = plan.desired.get(key) ?? f.current;
    const desired = Math.max(minReplicas, Math.min(maxReplicas, planned));
    const code = codeOf(plan.code, f.current, planned, desired);
    const decision = { key, atMs: nowMs, current: f.current, desired, code, figures: f, values };
    const full = { ...decision, ...(demand ? { demand } : {}) };
    return { ...full, reason: explainDecision(full, options) };
  });
  return { decisions, memory, requestTokens: tokens?.requestTokens ?? 0 };
}

/** Limits of the variant come first; a plan of the role that left this variant alone is only its context. */
function codeOf(plan: DecisionCode, current: number, planned: number, desired: number): DecisionCode {
  if (desired > planned) return 'below-min';
  if (desired < planned) return 'above-max';
  if (planned !== current || plan.startsWith('hold') || plan === 'asleep') return plan;
  return plan === 'at-max' || plan === 'step-limit' ? plan : 'steady';
}

function shareKnown(figures: readonly VariantFigures[]): number {
  const known = figures.reduce((sum, f) => sum + f.known, 0);
  const unknown = figures.reduce((sum, f) => sum + f.unknown, 0);
  return known + unknown === 0 ? 1 : known / (known + unknown);
}

function rememberRole(
  before: RoleMemory | undefined,
  figures: readonly VariantFigures[],
  tokens: RoleDemand | undefined,
  measured: boolean,
  nowMs: number,
  options: ScalingOptions,
): RoleMemory {
  const replicas = figures.reduce((sum, f) => sum + f.current, 0);
  const grown = before ? replicas - before.replicas : 0;
  const recent = (before?.added ?? []).filter((step) => nowMs - step.atMs < options.upPeriodMs);
  const sample = tokens && {
    atMs: nowMs,
    tokens: measured ? tokens.assuredTokens : tokens.underWayTokens,
    measured,
  };
  return {
    replicas,
    changedAtMs: before && grown === 0 ? before.changedAtMs : nowMs,
    added: grown > 0 ? [...recent, { atMs: nowMs, replicas: grown }] : recent,
    samples: sample ? remember(before?.samples ?? [], sample, options.downWindowMs) : [],
  };
}

function roleValues(
  role: Role,
  takesHeld: boolean,
  figures: readonly VariantFigures[],
  demand: RoleDemand | undefined,
  knownShare: number,
  memory: RoleMemory,
  capacityOf: (f: VariantFigures) => number,
  nowMs: number,
  options: ScalingOptions,
): RoleValues {
  const sum = (of: (f: VariantFigures) => number) => figures.reduce((total, f) => total + of(f), 0);
  const supply = sum((f) => f.ready * capacityOf(f));
  const anticipated = sum((f) => (f.stuck ? f.ready : f.current) * capacityOf(f));
  const window = windowDemand(memory.samples, nowMs);
  const added = memory.added.reduce((total, step) => total + step.replicas, 0);
  const base = Math.max(0, memory.replicas - added);
  const tokens = demand?.tokens ?? 0;
  return {
    role,
    takesHeld,
    requestTokens: demand?.requestTokens ?? 0,
    demandTokens: tokens,
    assuredTokens: demand?.assuredTokens ?? 0,
    windowTokens: window.tokens,
    windowMs: window.coveredMs,
    supplyTokens: supply,
    anticipatedTokens: anticipated,
    requiredTokens: Math.max(0, tokens / options.upUtilisation - anticipated),
    spareTokens: Math.max(0, supply - window.tokens / options.downUtilisation),
    knownShare,
    stepLeft: Math.max(0, Math.max(Math.ceil(base * options.upShare), options.upReplicas) - added),
  };
}
