import { describe, expect, it } from '@jest/globals';
import { namespaceRoot, promptBlocks } from './block-keys.js';
import { EngineCache } from './engine-cache.js';
import type { EngineCacheOptions } from './engine-cache-options.js';
import type { EngineEvent, StoredEvent } from './engine-events.js';
import type { Tier } from './types.js';

const BLOCK = 2;
const { keys } = promptBlocks(
  namespaceRoot({ model: 'm', blockSize: BLOCK }),
  [1, 2, 3, 4, 5, 6, 7, 8],
  BLOCK,
);
const at = (...positions: number[]) => positions.map((i) => keys[i] as bigint).sort();

/** Blocks `from … to` of one prompt; block i has the hash i + 1. */
function stored(from: number, to: number, extra: Partial<StoredEvent> = {}): StoredEvent {
  return {
    type: 'stored',
    hashes: Array.from({ length: to - from }, (_, i) => BigInt(from + i + 1)),
    parent: from === 0 ? null : BigInt(from),
    tokenIds: Array.from({ length: (to - from) * BLOCK }, (_, i) => from * BLOCK + i + 1),
    blockSize: BLOCK,
    tier: 'gpu',
    ...extra,
  };
}
const placed = (hash: number, extra: Partial<StoredEvent>) => ({
  ...stored(hash - 1, hash),
  tokenIds: [],
  blockSize: 0,
  ...extra,
});
const removed = (hash: number, groupIdx?: number, tier: Tier = 'gpu'): EngineEvent => ({
  type: 'removed',
  hashes: [BigInt(hash)],
  tier,
  groupIdx,
});
const DENSE = { groupIdx: 0, specKind: 'full_attention' };
const WINDOW = { groupIdx: 1, specKind: 'sliding_window', slidingWindow: 6 };

function setUp(options: Partial<EngineCacheOptions> = {}) {
  const cache = new EngineCache({ engineId: 'e', model: 'm', ...options }, 1000);
  let sequence = 0;
  const send = (...events: EngineEvent[]) => {
    cache.receive({ sequence, timestampMs: ++sequence, events }, 1000);
    return cache.takeDelta()?.delta;
  };
  const held = (tier: Tier = 'gpu', window = false) => {
    const tiers = cache.snapshot()?.tiers.filter((t) => t.tier === tier && (t.window ?? false) === window);
    return (tiers ?? []).flatMap((t) => [...t.keys]).sort();
  };
  return { cache, send, held };
}

describe('groups of a hybrid model', () => {
  it('withdraw what a group that appears late does not hold', () => {
    const { send, held } = setUp();
    send(stored(0, 3, DENSE));
    expect(held()).toEqual(at(0, 1, 2));
    send(stored(0, 1, { ...DENSE, groupIdx: 1 }));
    expect(held()).toEqual(at(0));
    send(stored(1, 3, { ...DENSE, groupIdx: 1 }));
    expect(held()).toEqual(at(0, 1, 2));
  });

  it('begin a new incarnation when what was stored of the engine lacks one of them', () => {
    const { cache, send } = setUp();
    const first = send(stored(0, 2, DENSE));
    const second = send(stored(0, 1, WINDOW));
    expect(second?.incarnation).toBeGreaterThan(first?.incarnation as number);
    expect(second).toMatchObject({ sequence: 1, cleared: true, windowBlocks: 3 });
    expect(second?.changes.map(({ window, stored }) => [window, stored.length])).toEqual([
      [undefined, 2],
      [true, 1],
    ]);
    expect(send(stored(2, 3, DENSE))).toMatchObject({ sequence: 2, cleared: false, windowBlocks: 3 });
    expect(cache.counters.fences).toBe(0);
    expect(cache.published?.groups).toHaveLength(2);
  });

  it('hold a block that leaves out others when another group says what it is, before or after in the batch', () => {
    const { cache, send, held } = setUp();
    const sparse = { ...stored(0, 3, WINDOW), hashes: [3n] };
    send(sparse, stored(0, 3, DENSE));
    expect(held('gpu', true)).toEqual(at(2));
    send({ ...sparse, hashes: [2n] });
    expect(held('gpu', true)).toEqual(at(1, 2));
    send({ ...stored(3, 4, WINDOW), hashes: [9n], tokenIds: [1, 2, 3, 4] });
    expect(cache.counters.unknownPlacements).toBe(1);
  });

  it('do not hold a block that they stored and removed before another one said what it is', () => {
    const { send, held } = setUp();
    send(placed(1, WINDOW), placed(2, WINDOW), removed(1, 1), stored(0, 2, DENSE));
    expect(held('gpu', true)).toEqual(at(1));
  });

  it('lose a block of which a group removes what nobody said it had', () => {
    const { send, held } = setUp();
    send(stored(0, 3, DENSE));
    send(removed(2, 5));
    expect(held()).toEqual(at(0, 2));
    send(removed(1));
    expect(held()).toEqual(at(2));
  });

  it('wait each for itself for a parent that comes late', () => {
    const { cache, send, held } = setUp();
    const second = { ...DENSE, groupIdx: 1 };
    send(stored(1, 3, DENSE), stored(1, 3, second), stored(1, 2, second));
    expect(cache.orphanBlocks).toBe(4);
    expect(cache.counters.orphansDropped).toBe(1);
    send(removed(3, 1));
    expect(cache.orphanBlocks).toBe(3);
    send(stored(0, 1, DENSE), stored(0, 1, second));
    expect(held()).toEqual(at(0, 1));
    expect(cache.orphanBlocks).toBe(0);
  });

  it('count where they are named and where they are not', () => {
    const { send, held } = setUp();
    send(stored(0, 2, DENSE), stored(0, 2, WINDOW), placed(1, { tier: 'cpu' }));
    expect(held('cpu')).toEqual(at(0));
    // A tier where one group is named needs all dense ones; what is said without a name stays needed.
    send(placed(1, { ...DENSE, tier: 'cpu' }), placed(2, { ...DENSE, tier: 'cpu' }));
    expect(held('cpu')).toEqual(at(0));
    send(removed(1, undefined, 'cpu'));
    expect(held('cpu')).toEqual([]);
  });

  it('need every block when a window has no size, and nothing when their kind cannot be judged', () => {
    const { cache, send, held } = setUp();
    send(
      stored(0, 3, DENSE),
      stored(0, 2, { groupIdx: 1, specKind: 'sliding_window' }),
      stored(0, 1, { groupIdx: 2, specKind: 'mamba' }),
      removed(2, 2),
    );
    expect(held()).toEqual(at(0, 1));
    expect(cache.counters.skipped['attention-kind']).toBe(2);
  });

  it('make all keys anew when one with smaller blocks appears', () => {
    const { cache, send, held } = setUp();
    const large = { hashes: [2n], blockSize: 2 * BLOCK };
    send({ ...stored(0, 2, DENSE), ...large });
    expect(cache.blockSize).toBe(2 * BLOCK);
    send(stored(0, 2, { ...DENSE, groupIdx: 1 }));
    expect(cache.blockSize).toBe(BLOCK);
    send({ ...stored(0, 2, DENSE), ...large });
    expect(held()).toEqual(at(0, 1));
    send(removed(2, 0));
    expect(held()).toEqual([]);
    // Such blocks are not to be gone on from by their hashes.
    expect(cache.published).toBeUndefined();
  });

  it('refuse blocks of another size than their own, and more groups than any model has', () => {
    const { cache, send } = setUp();
    send(stored(0, 2, DENSE));
    send({ ...stored(0, 2, DENSE), hashes: [2n], blockSize: 2 * BLOCK });
    send({ ...stored(0, 2), hashes: [2n], blockSize: 2 * BLOCK });
    send(stored(0, 1, { groupIdx: 7, blockSize: 3, tokenIds: [1, 2, 3] }));
    expect(cache.counters.skipped['block-size']).toBe(3);
    send(...Array.from({ length: 40 }, (_, i) => stored(0, 1, { groupIdx: 10 + i })));
    expect(cache.counters.skipped.group).toBeGreaterThan(0);
  });

  it.each(['with their groups', 'without'])('are restored %s', (how) => {
    const first = setUp();
    first.send(stored(0, 2, DENSE), ...(how === 'without' ? [] : [stored(0, 2, WINDOW)]));
    const { groups, ...restored } = first.cache.published as NonNullable<EngineCache['published']>;
    const { cache, held } = setUp({
      blockSize: BLOCK,
      restored: how === 'without' ? restored : { ...restored, groups },
    });
    const proof = { sequence: 0, timestampMs: 1, events: [stored(0, 2, DENSE), stored(0, 2, WINDOW)] };
    cache.start();
    cache.replayed(how === 'without' ? { ...proof, events: [stored(0, 2, DENSE)] } : proof, 1000);
    cache.replayed({ sequence: 1, timestampMs: 2, events: [removed(2, 0), stored(2, 3, DENSE)] }, 1000);
    cache.replayEnded(true, 1000);
    cache.takeDelta();
    // Block 2 is unknown by then, or its place is: either way nothing wrong is claimed.
    expect(held()).toEqual(expect.arrayContaining(at(0)));
    expect(held()).not.toContain(keys[1]);
    expect(held('gpu', true)).toEqual(how === 'without' ? [] : at(0, 1));
  });
});

describe('a data-parallel stream', () => {
  it('is of the rank that it began with', () => {
    const { cache } = setUp();
    const batch = (sequence: number, rank: number | undefined, from: number) => ({
      sequence,
      timestampMs: sequence,
      rank,
      events: [stored(from, from + 1)],
    });
    for (const [i, rank] of [3, undefined, 4].entries()) cache.receive(batch(i, rank, i), 1000);
    cache.takeDelta();
    expect(cache.snapshot()?.tiers[0]?.keys.length).toBe(2);
    expect(cache.counters.foreignRanks).toBe(1);
  });
});

describe('EngineCache.keysOfHashes', () => {
  it('gives the keys of the longest known beginning', () => {
    const { cache, send } = setUp();
    send(stored(0, 4));
    expect(cache.keysOfHashes([1n, 2n, 9n, 3n]).keys).toEqual(keys.slice(0, 2));
    expect(cache.keysOfHashes([1n]).checks?.length).toBe(1);
    expect(cache.keysOfHashes([9n])).toEqual({ keys: new BigUint64Array(0) });
    send({ type: 'cleared' });
    expect(cache.keysOfHashes([1n]).keys.length).toBe(0);
  });
});
