import type { PrefixAffinityOptions } from '../filters/prefix-affinity-filter.js';
import type { PrefixSource } from '../types.js';

/** What can be set on a named policy. Options that a policy does not use are ignored. */
export interface PolicyOptions {
  /** Weights of the `3-2-2` policies. */
  readonly weights?: { readonly prefix: number; readonly queue: number; readonly kvUtilisation: number };
  /** Whether queue and KV scores of the `3-2-2` policies count load reserved since the last scrape, default true. */
  readonly countReserved?: boolean;
  /** Filter of `affinity-token-load`. */
  readonly affinity?: PrefixAffinityOptions;
  /** Scorer of `affinity-token-load`: llm-d recommends `active-request` for decode-bound loads. Default `token-load`. */
  readonly affinityScorer?: 'token-load' | 'active-request';
  /** Where `affinity-token-load` learns of prefixes, default `approximate`. */
  readonly affinitySource?: Exclude<PrefixSource, 'none'>;
}
