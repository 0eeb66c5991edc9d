import type { PoolDemand } from './pool-demand.js';
import type { Role } from './role.js';
import type { VariantFigures } from './variant-figures.js';

/** Why a number of replicas is recommended. */
export type DecisionCode =
  | 'steady'
  | 'scale-up'
  | 'scale-down'
  | 'cancel-pending'
  | 'wake'
  | 'idle'
  | 'asleep'
  | 'below-min'
  | 'above-max'
  | 'at-max'
  | 'step-limit'
  | 'hold-no-demand'
  | 'hold-no-metrics'
  | 'hold-no-capacity'
  | 'hold-starting';

/** The terms of the formulas for one role of a pool, in KV tokens where nothing else is said. */
export interface RoleValues {
  readonly role: Role;
  readonly takesHeld: boolean;
  readonly requestTokens: number;
  readonly demandTokens: number;
  readonly assuredTokens: number;
  /** Most demand within the down window, and how far back it is known without a hole. */
  readonly windowTokens: number;
  readonly windowMs: number;
  /** Capacity of ready replicas, and of those that are coming too. */
  readonly supplyTokens: number;
  readonly anticipatedTokens: number;
  readonly requiredTokens: number;
  readonly spareTokens: number;
  /** Share of the ready replicas whose load is known, 0–1; 1 without any ready replica. */
  readonly knownShare: number;
  /** Replicas that may still be added in this period. */
  readonly stepLeft: number;
}

/** What is recommended for one variant, with everything it was computed from. */
export interface VariantDecision {
  readonly key: string;
  readonly atMs: number;
  /** Replicas it has or is getting, without those being drained. */
  readonly current: number;
  readonly desired: number;
  readonly code: DecisionCode;
  /** One sentence for people. */
  readonly reason: string;
  readonly figures: VariantFigures;
  readonly values: RoleValues;
  readonly demand?: PoolDemand;
}
