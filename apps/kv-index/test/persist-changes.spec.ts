import { describe, expect, it } from '@jest/globals';
import type { StoredDelta } from '@penstock/core/ports';
import { createLogger } from '@penstock/platform';
import { FakeBlockStore, until } from '@penstock/testing';
import type { EngineFollower } from '../src/application/follow-engine.js';
import { BlockPersister, type StoreOutcome } from '../src/application/persist-changes.js';

const logger = createLogger({ service: 'kv-index', instance: 'test', level: 'silent' });
const none = new BigUint64Array(0);

/** An engine with a published state, and how often the whole of it was asked for. */
function engineAt(incarnation: number, engineId = 'ns/a') {
  const counted = { copies: 0 };
  const cache = {
    incarnation,
    sequence: 0,
    publishedEngineSequence: -1,
    publishedWindowBlocks: 0,
    publishedLandmark: undefined as { sequence: number; mark: string } | undefined,
    blockSize: 2,
    publishedBlocks: () => {
      counted.copies++;
      return [];
    },
  };
  const follower = {
    engineId,
    model: 'm',
    pool: { namespace: 'ns', name: 'pool' },
    endpoint: { podUid: 'u', restartCount: 0 },
    cache,
  } as unknown as EngineFollower;
  const next = (): StoredDelta => {
    const sequence = ++cache.sequence;
    const engineSequence = sequence - 2;
    cache.publishedEngineSequence = engineSequence;
    cache.publishedLandmark = sequence > 1 ? { sequence: 0, mark: 'x' } : undefined;
    const changes = [{ tier: 'gpu' as const, engineHashes: none, keys: none }];
    return { engineId, incarnation, sequence, engineSequence, cleared: false, changes, removed: [] };
  };
  return { follower, counted, next };
}

describe('BlockPersister', () => {
  const start = (store: FakeBlockStore) => {
    const outcomes: StoreOutcome[] = [];
    return { outcomes, persister: new BlockPersister(store, logger, (outcome) => outcomes.push(outcome)) };
  };
  const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

  it('does not copy the whole state for every delta while the store is away', async () => {
    const store = new FakeBlockStore();
    const { persister } = start(store);
    const { follower, counted, next } = engineAt(5);
    store.disconnect();
    for (let i = 0; i < 50; i++) {
      persister.append(follower, next());
      await settled();
    }
    expect(counted.copies).toBe(1);
    await persister.refresh();
    expect(persister.problem).toContain('disconnected');
    store.reconnect();
    await persister.refresh();
    expect(persister.problem).toBeUndefined();
    expect(await store.load('ns', 'pool', 'ns/a')).toMatchObject({ incarnation: 5, sequence: 50 });
    persister.append(follower, next());
    await until(async () => (await store.load('ns', 'pool', 'ns/a'))?.sequence === 51);
  });

  it('says so when the store holds a newer life, and tries again only with each refresh', async () => {
    const store = new FakeBlockStore();
    const { persister, outcomes } = start(store);
    const { follower, counted, next } = engineAt(5);
    const newer = { engineId: 'ns/a', incarnation: 6, sequence: 1, engineSequence: 1, facts: {}, blocks: [] };
    await store.replace('ns', 'pool', newer);
    for (let i = 0; i < 20; i++) {
      persister.append(follower, next());
      await settled();
    }
    expect(outcomes).toEqual(['refused']);
    expect(counted.copies).toBe(1);
    expect(persister.problem).toContain('newer life of ns/a');
  });

  it('stores a landmark as soon as there is one', async () => {
    const store = new FakeBlockStore();
    const { persister } = start(store);
    const { follower, next } = engineAt(5);
    for (let i = 0; i < 3; i++) {
      persister.append(follower, next());
      await settled();
    }
    expect(await store.load('ns', 'pool', 'ns/a')).toMatchObject({
      sequence: 3,
      facts: { landmarkSequence: '0', landmarkMark: 'x' },
    });
  });

  it('writes a flushed store again a few engines at a time, and stops at the first failure', async () => {
    const store = new FakeBlockStore();
    const { persister, outcomes } = start(store);
    const engines = Array.from({ length: 50 }, (_, i) => engineAt(5, `ns/e${i}`));
    for (const { follower, next } of engines) persister.append(follower, next());
    await persister.refresh();
    await until(async () => (await store.engines('ns', 'pool')).length === 50);

    let [running, most] = [0, 0];
    const replace = store.replace.bind(store);
    store.replace = async (...args) => {
      most = Math.max(most, ++running);
      await settled();
      return replace(...args).finally(() => running--);
    };
    store.flushAll();
    await persister.refresh();
    expect(await store.engines('ns', 'pool')).toHaveLength(50);
    expect(most).toBe(4);

    store.flushAll();
    const copies = () => engines.reduce((sum, { counted }) => sum + counted.copies, 0);
    const before = copies();
    outcomes.length = 0;
    store.replace = async () => {
      await settled();
      throw new Error('full');
    };
    await persister.refresh();
    expect(persister.problem).toBe('full');
    // Those under way fail; the others do not even copy their state.
    expect(outcomes).toEqual(['failed', 'failed', 'failed', 'failed']);
    expect(copies()).toBe(before + 4);
    store.replace = replace;
    await persister.refresh();
    expect(await store.engines('ns', 'pool')).toHaveLength(50);
    expect(persister.problem).toBeUndefined();
  });
});
