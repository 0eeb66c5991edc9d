import type { Role } from './role.js';

/** Load of one engine, as a scheduler replica scraped it. */
export interface EngineFacts {
  /** `<namespace>/<pod>`, followed by `#<rank>` for data-parallel ranks above 0. */
  readonly engine: string;
  readonly role: Role;
  readonly ready: boolean;
  /** Requests in the engine's queue. */
  readonly waiting: number;
  readonly running: number;
  /** Share of the KV cache in use, 0–1. */
  readonly kvUsage: number;
  /** KV cache in tokens; 0 where the engine does not say. */
  readonly kvCapacityTokens: number;
  /** Age of these figures. */
  readonly ageMs: number;
}

/** Whether every figure is a number that makes sense: NaN, infinities and negative numbers are no data. */
export function isUsable(facts: EngineFacts): boolean {
  const { waiting, running, kvUsage, kvCapacityTokens, ageMs } = facts;
  return [waiting, running, kvUsage, kvCapacityTokens, ageMs].every(isAmount) && kvUsage <= 1.001;
}

/** A finite number that is not negative. */
export function isAmount(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}
