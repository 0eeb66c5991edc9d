import type { Tier, TierKeys } from '@penstock/core/kv';
import type { CandidateScore, PrefixSource, RoutingInput } from '@penstock/core/routing';

/** Everything worth knowing about one decision. */
export interface DecisionRecord {
  readonly requestId: string;
  readonly timeMs: number;
  readonly namespace: string;
  readonly pool: string;
  /** Asked for. */
  readonly model: string;
  /** Sent to the engine. */
  readonly targetModel: string;
  readonly policy: string;
  /** `ip:port`; empty when the request was rejected. */
  readonly endpoint: string;
  /** Engine id; absent when the request was rejected. */
  readonly engine?: string;
  /** Node of the engine; absent when the cluster did not say. */
  readonly node?: string;
  readonly promptTokens: number;
  /** Prompt tokens that the engine holds or can load from storage. */
  readonly matchedTokens: number;
  /** Of those: not known to be there, but sent to the engine a moment ago. Absent when there are none. */
  readonly speculativeTokens?: number;
  /** What is known to be there, by tier; absent unless it is known from KV events. */
  readonly matchedByTier?: Readonly<Partial<Record<Tier, number>>>;
  /** Keys that the engine can load from storage; kept with `input` only. */
  readonly loads?: readonly TierKeys[];
  readonly leading: readonly CandidateScore[];
  readonly excluded: Readonly<Record<string, number>>;
  /** Age of the oldest load figure that counted, in milliseconds. */
  readonly metricsAgeMs: number;
  /** Age of the KV view of the chosen engine, in milliseconds. */
  readonly kvAgeMs: number;
  /** Time spent waiting for an engine; absent when there was one at once. */
  readonly waitedMs?: number;
  /** Where `matchedTokens` is known from; absent when the request was rejected. */
  readonly prefixSource?: PrefixSource;
  readonly reason: string;
  readonly scheduler: string;
  /** Decides the same again when given to the policy; kept in memory only. */
  readonly input?: RoutingInput;
}

/** Stands for "never" where an age must be a number that fits 32 bits. */
export const UNKNOWN_AGE_MS = 0xffff_ffff;
