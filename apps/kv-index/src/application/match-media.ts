import { type ReadableIndex, TIERS } from '@penstock/core/kv';
import type { EngineMatch } from './match-engines.js';
import { Turn } from './turn.js';

/** Tokens of a prompt's contiguous prefix in one engine, by the medium they are on. */
export interface MediaMatch {
  /** The whole prefix: on any medium, and what the engine can load behind it. */
  readonly longest: number;
  /** Blocks of the prefix that are there, also on other media at the same time. */
  readonly on: { readonly gpu: number; readonly cpu: number; readonly disk: number };
  /** Length of the prefix while it lies on the GPU, and on GPU or CPU. */
  readonly upTo: { readonly gpu: number; readonly cpu: number };
}

const GPU = bitOf('gpu');
const CPU = bitOf('cpu');
const DISK = bitOf('ssd') | bitOf('s3');

/**
 * Where the blocks of each match lie. It looks at every holder of every block, unlike a match, and lets other requests go
 * between: a block that leaves meanwhile counts as not there.
 */
export async function matchMedia(
  index: ReadableIndex,
  keysOf: (match: EngineMatch) => BigUint64Array,
  matches: readonly EngineMatch[],
): Promise<MediaMatch[]> {
  const tiers = matches.map(({ match }) => new Uint8Array(match.ownBlocks));
  const numbered = matches.map((match, i) => ({ i, keys: keysOf(match), engineId: match.engine.engineId }));
  for (const group of Map.groupBy(numbered, ({ keys }) => keys).values()) {
    const byEngine = new Map(group.map(({ i, engineId }) => [engineId, tiers[i] as Uint8Array]));
    const depth = Math.max(...group.map(({ i }) => (tiers[i] as Uint8Array).length));
    await fill(index, (group[0]?.keys ?? new BigUint64Array(0)).subarray(0, depth), byEngine);
  }
  return matches.map((match, i) => mediaOf(match, tiers[i] as Uint8Array));
}

async function fill(
  index: ReadableIndex,
  keys: BigUint64Array,
  byEngine: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  const turn = new Turn();
  for (const [block, key] of keys.entries()) {
    for (const { engineId, tierBits } of index.holdersOf(key)) {
      const tiers = byEngine.get(engineId);
      if (tiers && block < tiers.length) tiers[block] = tierBits;
    }
    if (turn.isOver()) await turn.next();
  }
}

function mediaOf({ engine, match }: EngineMatch, tiers: Uint8Array): MediaMatch {
  const { blockSize } = engine;
  const count = (bits: number) => tiers.reduce((sum, held) => sum + (held & bits ? 1 : 0), 0);
  const lead = (bits: number) => {
    const end = tiers.findIndex((held) => (held & bits) === 0);
    return end < 0 ? tiers.length : end;
  };
  const best = TIERS.map((_, t) => tiers.reduce((sum, held) => sum + (lowest(held) === 1 << t ? 1 : 0), 0));
  // Behind the engine's own prefix, where storage takes over.
  const [, cpu = 0, ssd = 0, s3 = 0] = match.byTier.map((blocks, t) => Math.max(0, blocks - (best[t] ?? 0)));
  return {
    longest: match.blocks * blockSize,
    on: {
      gpu: count(GPU) * blockSize,
      cpu: (count(CPU) + cpu) * blockSize,
      disk: (count(DISK) + ssd + s3) * blockSize,
    },
    upTo: { gpu: lead(GPU) * blockSize, cpu: lead(GPU | CPU) * blockSize },
  };
}

/** Bit of the best tier that the dense attention groups have it on. */
function lowest(bits: number): number {
  return bits & -bits & ((1 << TIERS.length) - 1);
}

function bitOf(tier: (typeof TIERS)[number]): number {
  return 1 << TIERS.indexOf(tier);
}
