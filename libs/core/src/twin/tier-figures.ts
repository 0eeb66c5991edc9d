import type { StorageTier } from '../tiering/index.js';

/** A way that bytes go. */
export type TierHop = 'gpu-cpu' | 'cpu-ssd' | 'ssd-s3' | 'cpu-s3' | 's3-cpu' | 'cpu-gpu' | 'ssd-gpu';

export type TierCounts = Readonly<Record<StorageTier, number>>;

/** What storage did, as counters since the start of the fleet or their growth in a stage. */
export interface TierFigures {
  readonly movedBytes: Readonly<Record<TierHop, number>>;
  /** Chunks loaded by the tier that had them; `s3`: those that a promotion had just brought to CPU memory. */
  readonly loadedChunks: TierCounts;
  /** Chunks removed from a tier because of pressure, not copied on. */
  readonly removedChunks: TierCounts;
  /** Chunks not stored because the CPU tier was full. */
  readonly droppedStores: number;
  /** Tokens that the GPU did not have, asked of storage and loaded from it; loads begun, and refused by the gate. */
  readonly externalQueryTokens: number;
  readonly externalHitTokens: number;
  readonly loads: number;
  readonly loadsRefused: number;
}

/** Growth from one reading to a later one. */
export function tierGrowth(before: TierFigures, after: TierFigures): TierFigures {
  return grow(before, after) as TierFigures;
}

type Counters = { readonly [name: string]: number | Counters };

function grow(before: object, after: object): object {
  const earlier = before as Counters;
  return Object.fromEntries(
    Object.entries(after as Counters).map(([name, value]) => {
      const was = earlier[name]!;
      return [name, typeof value === 'number' ? value - (was as number) : grow(was as Counters, value)];
    }),
  );
}
