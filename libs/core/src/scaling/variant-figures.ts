import type { Variant } from './variant.js';

/** What is known of one variant at one moment; the terms of the formulas. */
export interface VariantFigures {
  readonly variant: Variant;
  /** Replicas it has or is getting: `specReplicas` without those that are being drained. */
  readonly current: number;
  /** Of these, ready and not draining. */
  readonly ready: number;
  readonly pending: number;
  /** Its missing replicas have not come for so long that they are not counted on. */
  readonly stuck: boolean;
  readonly draining: number;
  /** Ready replicas whose load is known, and the others. */
  readonly known: number;
  readonly unknown: number;
  /** KV tokens in use and requests waiting, over all replicas whose load is known, draining ones too. */
  readonly inUseTokens: number;
  readonly waiting: number;
  /** One replica: KV bound, bound observed under saturation, and the smaller of them; in tokens, absent until known. */
  readonly kvBoundTokens?: number;
  readonly computeBoundTokens?: number;
  readonly capacityTokens?: number;
  /** Replicas with a full queue. */
  readonly saturated: number;
}
