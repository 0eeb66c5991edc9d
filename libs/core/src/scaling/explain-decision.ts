import type { VariantDecision } from './decision.js';
import type { ScalingOptions } from './scaling-options.js';

type Unexplained = Omit<VariantDecision, 'reason'>;

/** Why, in one sentence with the figures that decided. */
export function explainDecision(decision: Unexplained, options: ScalingOptions): string {
  const { current, desired, figures: f, values: v, demand } = decision;
  const need = `demand of ${count(v.demandTokens)} KV tokens`;
  const coming = `${count(v.anticipatedTokens)} that ready and coming replicas of the role carry`;
  const window = `in the last ${seconds(options.downWindowMs)}`;
  switch (decision.code) {
    case 'scale-up':
      return `${current} → ${desired}: ${need} at ${share(options.upUtilisation)} exceeds the ${coming}`;
    case 'scale-down':
      return `${current} → ${desired}: at most ${count(v.windowTokens)} KV tokens ${window}, which the rest carries below ${share(options.downUtilisation)}`;
    case 'cancel-pending':
      return `${current} → ${desired}: replicas that have not come yet are not needed: at most ${count(v.windowTokens)} KV tokens ${window}, and ready ones carry ${count(v.supplyTokens)}`;
    case 'wake':
      return `${current} → ${desired}: ${demand?.held ?? 0} requests wait and nothing serves the ${v.role} role; this variant is the cheapest`;
    case 'idle':
      return `${current} → ${desired}: no request for ${seconds(demand?.idleForMs ?? 0)}`;
    case 'asleep':
      return 'asleep: no request asks for it';
    case 'below-min':
      return `${current} → ${desired}: minReplicas is ${f.variant.minReplicas}`;
    case 'above-max':
      return `${current} → ${desired}: maxReplicas is ${f.variant.maxReplicas}`;
    case 'at-max':
      return `${need} at ${share(options.upUtilisation)} exceeds the ${coming}, but no variant may grow: all are at maxReplicas or their last replicas do not start`;
    case 'step-limit':
      return `${need} exceeds the ${coming}, but no more replicas may be added within ${seconds(options.upPeriodMs)}`;
    case 'hold-no-demand':
      return demand
        ? `held: the last report of demand is ${seconds(demand.reportAgeMs)} old`
        : 'held: no scheduler has reported demand for this pool';
    case 'hold-no-metrics':
      return `held: the load of ${share(v.knownShare)} of the ready replicas is known, ${share(options.minKnownShare)} are needed${dropped(demand)}`;
    case 'hold-no-capacity':
      return 'held: no engine says how many tokens its KV cache holds';
    case 'hold-starting':
      return `held: ${f.pending} replicas are starting, none is ready${f.stuck ? `; they do not come for ${seconds(options.pendingTimeoutMs)} already` : ''}`;
    case 'steady':
      return `${need} fits the ${count(v.supplyTokens)} of ${f.ready} ready replicas${f.pending > 0 ? ` (${f.pending} more are coming)` : ''}`;
  }
}

function dropped(demand: VariantDecision['demand']): string {
  const reasons = Object.entries(demand?.dropped ?? {}).map(([reason, n]) => `${n} ${reason}`);
  return reasons.length > 0 ? ` (left out: ${reasons.join(', ')})` : '';
}

const count = (value: number): string => Math.round(value).toLocaleString('en-US');
const share = (value: number): string => `${Math.round(100 * value)} %`;
const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;
