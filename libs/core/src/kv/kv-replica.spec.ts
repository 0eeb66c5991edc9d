import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KvReplica } from './kv-replica.js';
import { PrefixIndex } from './prefix-index.js';
import type { KvSnapshotPart } from './snapshot-assembly.js';
import type { KvDelta } from './types.js';

const ENGINE = 'ns/pod';
const keys = (values: Iterable<number>) => BigUint64Array.from([...values].map(BigInt));

type Message = { at: number } & ({ delta: KvDelta } | { snapshot: KvSnapshotPart });

/** An ingester's published history: what it held after each step, and the messages it sent on the way. */
function publish(steps: ReadonlyArray<{ type: string; some: readonly number[] }>) {
  const messages: Message[] = [];
  const truth: Array<{ held: ReadonlySet<number> }> = [];
  let held = new Set<number>();
  let incarnation = 1;
  let sequence = 0;
  const snapshot = () => {
    const all = [...held];
    const parts = 1 + (all.length % 3);
    for (let part = 0; part < parts; part++) {
      const mine = keys(all.filter((_, i) => i % parts === part));
      messages.push({
        at: truth.length - 1,
        snapshot: {
          engineId: ENGINE,
          incarnation,
          sequence,
          part,
          parts,
          tiers: [{ tier: 'gpu', keys: mine }],
        },
      });
    }
  };
  for (const { type, some } of steps) {
    if (type === 'snapshot') {
      if (truth.length > 0) snapshot();
      continue;
    }
    if (type === 'restart') {
      incarnation++;
      sequence = 0;
      held = new Set();
    }
    const cleared = type === 'clear' || type === 'restart';
    if (cleared) held = new Set();
    const removed = type === 'remove' ? some.filter((k) => held.has(k)) : [];
    const stored = type === 'remove' ? [] : some.filter((k) => !held.has(k));
    held = new Set([...held].filter((k) => !removed.includes(k)).concat(stored));
    sequence++;
    truth.push({ held });
    const changes = [{ tier: 'gpu' as const, stored: keys(new Set(stored)), removed: keys(removed) }];
    messages.push({
      at: truth.length - 1,
      delta: { engineId: ENGINE, incarnation, sequence, cleared, changes },
    });
  }
  const last = messages.length;
  if (truth.length > 0) snapshot();
  return { messages, truth, final: messages.slice(last) };
}

const step = fc.record({
  type: fc.constantFrom('store', 'store', 'store', 'remove', 'remove', 'snapshot', 'clear', 'restart'),
  some: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 5 }),
});

function apply(replica: KvReplica, message: Message, nowMs = 0) {
  return 'delta' in message
    ? replica.applyDelta(message.delta, nowMs)
    : replica.applySnapshot(message.snapshot, nowMs);
}

describe('KvReplica', () => {
  it('never claims a block that was gone at the newest thing it heard of, and is exact after the next snapshot', () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 40 }),
        fc.array(fc.tuple(fc.nat(), fc.constantFrom('drop', 'repeat', 'move')), { maxLength: 15 }),
        (steps, faults) => {
          const { messages, truth, final } = publish(steps);
          const wire = [...messages];
          for (const [where, fault] of faults) {
            if (wire.length === 0) break;
            const at = where % wire.length;
            const [message] = wire.splice(at, fault === 'repeat' ? 0 : 1) as [Message];
            if (fault === 'repeat') wire.splice(at, 0, wire[at] as Message);
            if (fault === 'move') wire.splice((at * 7 + 3) % (wire.length + 1), 0, message);
          }
          const index = new PrefixIndex();
          const replica = new KvReplica(index);
          let newest = -1;
          for (const message of wire) {
            apply(replica, message);
            newest = Math.max(newest, message.at);
            const held = truth[newest]?.held ?? new Set<number>();
            for (const key of index.keysOf(ENGINE, 'gpu')) expect(held.has(Number(key))).toBe(true);
          }
          for (const message of final) apply(replica, message);
          expect([...index.keysOf(ENGINE, 'gpu')].map(Number).sort()).toEqual(
            [...(truth.at(-1)?.held ?? [])].sort(),
          );
        },
      ),
      { numRuns: 2000 },
    );
  });

  const delta = (
    incarnation: number,
    sequence: number,
    stored: number[],
    removed: number[] = [],
  ): KvDelta => ({
    engineId: ENGINE,
    incarnation,
    sequence,
    cleared: false,
    changes: [{ tier: 'gpu', stored: keys(stored), removed: keys(removed) }],
  });
  const setUp = () => {
    const index = new PrefixIndex();
    return {
      index,
      replica: new KvReplica(index),
      held: () => [...index.keysOf(ENGINE, 'gpu')].map(Number).sort(),
    };
  };

  it('joins late: deltas after the snapshot that arrived before it are not lost', () => {
    const { replica, held } = setUp();
    expect(replica.applyDelta(delta(5, 8, [3]), 10)).toBe('parked');
    expect(replica.applyDelta(delta(5, 9, [], [1]), 11)).toBe('parked');
    const snapshot = {
      engineId: ENGINE,
      incarnation: 5,
      sequence: 7,
      tiers: [{ tier: 'gpu' as const, keys: keys([1, 2]) }],
    };
    expect(replica.applySnapshot(snapshot, 12)).toBe('applied');
    expect(held()).toEqual([2, 3]);
    expect(replica.sync(ENGINE, 20)).toEqual({
      engineId: ENGINE,
      state: 'synced',
      incarnation: 5,
      sequence: 9,
      ageMs: 8,
    });
  });

  it('drops the blocks on a gap, and ignores a snapshot that is older than what it missed', () => {
    const { replica, held } = setUp();
    replica.applyDelta(delta(1, 1, [1]), 0);
    expect(replica.applyDelta(delta(1, 3, [2]), 0)).toBe('gap');
    expect(held()).toEqual([]);
    const at = (sequence: number) => ({
      engineId: ENGINE,
      incarnation: 1,
      sequence,
      tiers: [{ tier: 'gpu' as const, keys: keys([1]) }],
    });
    expect(replica.applySnapshot(at(1), 0)).toBe('gap');
    expect(held()).toEqual([]);
    expect(replica.applySnapshot(at(3), 0)).toBe('applied');
    expect(held()).toEqual([1]);
  });

  it('fences the life before, also when its messages come late', () => {
    const { replica, held } = setUp();
    replica.applyDelta(delta(1, 1, [1]), 0);
    expect(replica.applyDelta(delta(2, 1, [2]), 0)).toBe('applied');
    expect(replica.applyDelta(delta(1, 2, [3]), 0)).toBe('stale');
    expect(held()).toEqual([2]);
    replica.engineGone(ENGINE);
    expect(replica.applyDelta(delta(2, 1, [2]), 0)).toBe('stale');
    expect(held()).toEqual([]);
    expect(replica.applyDelta(delta(3, 1, [4]), 0)).toBe('applied');
    expect(held()).toEqual([4]);
  });

  it('keeps the next life of an engine when the end of the one before is told late', () => {
    const { replica, held } = setUp();
    replica.applyDelta(delta(2, 1, [2]), 0);
    replica.engineGone(ENGINE, 1);
    expect(held()).toEqual([2]);
    expect(replica.applyDelta(delta(2, 2, [3]), 0)).toBe('applied');
    replica.engineGone(ENGINE, 2);
    expect(held()).toEqual([]);
    replica.engineGone(ENGINE, 1);
    expect(replica.applyDelta(delta(2, 3, [4]), 0)).toBe('stale');
    expect(replica.applyDelta(delta(3, 1, [4]), 0)).toBe('applied');
  });

  it('keeps those whose deltas come another way when the transport lost its place', () => {
    const replica = new KvReplica(new PrefixIndex());
    const first = { incarnation: 1, sequence: 1, cleared: true };
    const changes = [{ tier: 'gpu' as const, stored: keys([1]), removed: keys([]) }];
    for (const engineId of ['ns/own', 'ns/other']) replica.applyDelta({ engineId, ...first, changes }, 0);
    replica.lostTrack(new Set(['ns/own']));
    expect(['ns/own', 'ns/other'].map((id) => replica.sync(id, 0)?.state)).toEqual(['synced', 'waiting']);
    expect(['ns/own', 'ns/other'].map((id) => replica.index.blocksOf(id))).toEqual([1, 0]);
    replica.lostTrack();
    expect(replica.sync('ns/own', 0)?.state).toBe('waiting');
  });

  it('ignores late updates of an engine that it hears of only when it is gone', () => {
    const { replica, held } = setUp();
    replica.engineGone(ENGINE, 5);
    expect(replica.applyDelta(delta(5, 1, [1]), 0)).toBe('stale');
    expect(held()).toEqual([]);
  });

  it('keeps check bits and windows apart, from deltas and snapshots', () => {
    const { index, replica } = setUp();
    const checks = Uint32Array.of(11, 12, 13, 14);
    const blocks = (end: number) => index.match(keys([1, 2, 3, 4].slice(0, end)), [ENGINE])[0]?.blocks;
    const dense = {
      tier: 'gpu' as const,
      stored: keys([1, 2, 3, 4]),
      storedChecks: checks,
      removed: keys([]),
    };
    const window = { tier: 'gpu' as const, window: true, stored: keys([3, 4]), removed: keys([]) };
    const first = { ...delta(1, 1, []), windowBlocks: 2 };
    replica.applyDelta({ ...first, changes: [dense] }, 0);
    expect(blocks(4)).toBe(0);
    replica.applyDelta({ ...first, sequence: 2, changes: [window] }, 0);
    expect([blocks(3), blocks(4)]).toEqual([0, 4]);
    expect(index.blocksOn(ENGINE, 'gpu').checks.toSorted()).toEqual(checks);
    const other = { keys: keys([1, 2]), checks: Uint32Array.of(11, 99) };
    const removed = { ...window, stored: keys([]), removed: keys([4]) };
    replica.applyDelta({ ...first, sequence: 3, changes: [removed] }, 0);
    expect(blocks(4)).toBe(0);
    const tiers = [{ tier: 'gpu' as const, keys: keys([1, 2, 3, 4]), checks }];
    replica.applySnapshot({ engineId: ENGINE, incarnation: 2, sequence: 1, tiers }, 0);
    // Of a life without windows.
    expect([blocks(4), index.match(other, [ENGINE])[0]?.blocks]).toEqual([4, 1]);
  });

  it('waits for a snapshot after a delta that cannot be read, and for no other reason', () => {
    const { replica, held } = setUp();
    replica.applyDelta(delta(2, 1, [1]), 0);
    const at = (incarnation: number, sequence: number) => ({ engineId: ENGINE, incarnation, sequence });
    for (const { incarnation, sequence } of [at(1, 9), at(2, 1), at(2, -1)])
      replica.missed(at(incarnation, sequence), 0);
    expect([replica.isSynced(ENGINE), held()]).toEqual([true, [1]]);
    replica.missed(at(2, 2), 0);
    expect([replica.isSynced(ENGINE), held()]).toEqual([false, []]);
    const tiers = [{ tier: 'gpu' as const, keys: keys([1]) }];
    expect(replica.applySnapshot({ ...at(2, 1), tiers }, 0)).toBe('gap');
    expect(replica.applySnapshot({ ...at(2, 2), tiers }, 0)).toBe('applied');
    expect(held()).toEqual([1]);
  });

  it('refuses positions that are no counts, and bounds what it parks', () => {
    const index = new PrefixIndex();
    const replica = new KvReplica(index, { maxParkedKeys: 10 });
    expect(replica.applyDelta(delta(-1, 1, []), 0)).toBe('refused');
    expect(replica.applyDelta(delta(1, 0, []), 0)).toBe('refused');
    expect(replica.applyDelta(delta(1, 1.5, []), 0)).toBe('refused');
    for (let sequence = 2; sequence < 50; sequence++) replica.applyDelta(delta(1, sequence, [sequence]), 0);
    const snapshot = { engineId: ENGINE, incarnation: 1, sequence: 5, tiers: [] };
    expect(replica.applySnapshot(snapshot, 0)).toBe('gap');
    expect(replica.applySnapshot({ ...snapshot, sequence: 49 }, 0)).toBe('applied');
    expect(replica.sync(ENGINE, 0)?.state).toBe('synced');
  });

  it('forgets storage that falls silent, never an engine, and takes it back with its next snapshot', () => {
    const index = new PrefixIndex();
    const replica = new KvReplica(index);
    const storage = '@ns/p/s3';
    const tell = (engineId: string, sequence: number, nowMs: number) =>
      replica.applyDelta({ ...delta(1, sequence, [sequence]), engineId }, nowMs);
    tell(storage, 1, 0);
    tell(ENGINE, 1, 0);
    expect(replica.forgetSilentStorage(1000, 1000)).toBe(0);
    expect(replica.forgetSilentStorage(1001, 1000)).toBe(1);
    expect([index.blocksOf(storage), index.blocksOf(ENGINE)]).toEqual([0, 1]);
    expect([replica.isSynced(storage), replica.isSynced(ENGINE)]).toEqual([false, true]);
    expect(tell(storage, 2, 2000)).toBe('parked');
    const tiers = [{ tier: 's3' as const, keys: keys([1, 2]) }];
    const snapshot = { engineId: storage, incarnation: 1, sequence: 2, tiers };
    expect(replica.applySnapshot(snapshot, 2000)).toBe('applied');
    expect(index.blocksOf(storage)).toBe(2);
  });
});
