import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  type EngineBatch,
  EngineCache,
  type EngineDelta,
  KvReplica,
  namespaceRoot,
  PrefixIndex,
  promptBlocks,
} from '@penstock/core/kv';
import { FakeBlockStore } from '@penstock/testing';

const engineId = 'ns/pod';
const root = namespaceRoot({ model: 'm', blockSize: 2 });
const promptOf = (first: number) => promptBlocks(root, [first, 1, 2, 3], 2);
const facts = {};

function stored(sequence: number, first: number): EngineBatch {
  const hashes = [BigInt(first * 10), BigInt(first * 10 + 1)];
  const tokenIds = [first, 1, 2, 3];
  return {
    sequence,
    timestampMs: 1000 + sequence,
    events: [{ type: 'stored', hashes, parent: null, tokenIds, blockSize: 2, tier: 'gpu' }],
  };
}

/** Two ingesters of one engine, of which the first is thought dead; what both publish arrives everywhere. */
describe('taking an engine over from an ingester that is still there', () => {
  let index: PrefixIndex;
  let replica: KvReplica;
  let store: FakeBlockStore;
  let first: EngineCache;
  const history = [stored(0, 1), stored(1, 2)];

  const matched = (prompt: number) => index.match(promptOf(prompt), [engineId])[0]?.blocks;
  const follow = (cache: EngineCache, batches: readonly EngineBatch[]) => {
    const { fromSequence } = cache.start();
    for (const batch of batches.slice(fromSequence)) cache.replayed(batch, 2000);
    cache.replayEnded(true, 2000);
  };
  const publish = async (change: EngineDelta | undefined) => {
    if (!change) return undefined;
    const { incarnation, sequence, engineSequence, changes } = change.stored;
    const position = { engineId, incarnation, sequence, engineSequence };
    const kept =
      sequence === 1
        ? await store.replace('ns', 'pool', { ...position, facts, blocks: changes })
        : await store.append('ns', 'pool', change.stored);
    return { replica: replica.applyDelta(change.delta, 2000), kept };
  };

  beforeEach(async () => {
    index = new PrefixIndex();
    replica = new KvReplica(index);
    store = new FakeBlockStore();
    first = new EngineCache({ engineId, model: 'm', blockSize: 2 }, 1000);
    follow(first, history);
    expect(await publish(first.takeDelta())).toEqual({ replica: 'applied', kept: true });
  });

  it.each(['with what it stored', 'with nothing'])('fences it off, %s', async (how) => {
    const restored = how === 'with nothing' ? undefined : first.published;
    const incarnationAfter = first.incarnation;
    const second = new EngineCache(
      { engineId, model: 'm', blockSize: 2, incarnationAfter, takesOver: true, restored },
      0,
    );
    second.start();
    expect(second.takeDelta()).toBeUndefined();
    expect(matched(1)).toBe(2);
    follow(second, [...history, stored(2, 3)]);
    expect(await publish(second.takeDelta())).toEqual({ replica: 'applied', kept: true });
    expect([1, 2, 3].map(matched)).toEqual([2, 2, 2]);
    // The first one goes on, and is heard nowhere.
    first.receive({ sequence: 2, timestampMs: 5, events: [{ type: 'cleared' }] }, 3000);
    expect(await publish(first.takeDelta())).toEqual({ replica: 'stale', kept: false });
    expect([1, 2, 3].map(matched)).toEqual([2, 2, 2]);
    expect((await store.load('ns', 'pool', engineId))?.incarnation).toBe(second.incarnation);
    second.receive(stored(3, 4), 3000);
    expect(await publish(second.takeDelta())).toEqual({ replica: 'applied', kept: true });
    expect(matched(4)).toBe(2);
  });

  it('withdraws at once what the first one said when the engine turns out to be another', async () => {
    const second = new EngineCache(
      {
        engineId,
        model: 'm',
        incarnationAfter: first.incarnation,
        takesOver: true,
        restored: first.published,
      },
      0,
    );
    second.start();
    second.replayed({ ...stored(0, 7), timestampMs: 9 }, 3000);
    second.replayEnded(true, 3000);
    expect(await publish(second.takeDelta())).toMatchObject({ replica: 'applied' });
    expect([1, 2].map(matched)).toEqual([0, 0]);
  });
});
