import { afterEach, describe, expect, it } from '@jest/globals';
import { type KvDelta, PrefixIndex, TIERS, WatchedReplica } from '@penstock/core/kv';
import fc from 'fast-check';
import { knownEngine } from '../../test/known-engine.js';
import { ChangeFeed } from './change-feed.js';
import type { KnownEngine } from './known-engine.js';
import { type WatchEvent, type WatchSource, watchIndex } from './watch-index.js';

const u64 = (...keys: number[]) => BigUint64Array.from(keys.map(BigInt));
const delta = (engineId: string, sequence: number, stored: number[], removed: number[] = []): KvDelta => ({
  engineId,
  incarnation: 1,
  sequence,
  cleared: false,
  changes: [{ tier: 'gpu', stored: u64(...stored), removed: u64(...removed) }],
});

/** A reader that keeps what it was told, as a client would. */
class Reader {
  readonly held = new Map<string, Set<string>>();
  readonly kinds: string[] = [];
  lagged = 0;

  take(event: WatchEvent): void {
    this.kinds.push(Object.keys(event)[0] as string);
    if ('begin' in event) this.held.clear();
    if ('lagged' in event) this.lagged += event.lagged.skippedChanges;
    if ('left' in event) this.held.delete(event.left.engineId);
    if ('state' in event) {
      const { engineId, first, tiers } = event.state;
      if (first) this.held.set(engineId, new Set());
      for (const { tier, keys } of tiers)
        for (const key of keys) this.held.get(engineId)?.add(`${tier} ${key}`);
    }
    if (!('change' in event)) return;
    const { engineId, cleared, changes } = event.change;
    const held = this.held.get(engineId);
    if (!held) throw new Error(`a change of ${engineId}, whose state was never told`);
    if (cleared) held.clear();
    for (const { tier, removed } of changes) for (const key of removed) held.delete(`${tier} ${key}`);
    for (const { tier, stored } of changes) for (const key of stored) held.add(`${tier} ${key}`);
  }
}

describe('watchIndex', () => {
  const stops: AbortController[] = [];
  afterEach(() => {
    for (const stop of stops.splice(0)) stop.abort();
  });

  function lab(engines: KnownEngine[], maxWaiting?: number, includeBlocks = true) {
    const index = new PrefixIndex();
    const feed = new ChangeFeed();
    const replica = new WatchedReplica(index, feed);
    const byId = new Map(engines.map((engine) => [engine.engineId, engine]));
    const directory = { engines: () => byId.values(), get: (id: string) => byId.get(id) };
    const contents: WatchSource['contents'] = (id, withKeys, onContents) => {
      const { incarnation = 0, sequence = 0 } = replica.sync(id, 0) ?? {};
      const tiers = TIERS.flatMap((tier) =>
        [false, true].map((window) => ({ tier, window, keys: index.keysOf(id, tier, { window }) })),
      );
      const blocks = index.blocksOf(id);
      onContents({ incarnation, sequence, blocks, tiers: withKeys ? tiers : [] });
    };
    const stop = new AbortController();
    stops.push(stop);
    const options = { poolNamespace: '', pool: '', includeBlocks };
    const events = watchIndex(
      { index, directory, feed, contents, self: 'me' },
      maxWaiting === undefined ? options : { ...options, maxWaiting },
      stop.signal,
    );
    const reader = new Reader();
    const read = async (until: (event: WatchEvent) => boolean) => {
      for (;;) {
        const { value, done } = await events.next();
        if (done) return;
        reader.take(value);
        if (until(value)) return;
      }
    };
    const indexed = (id: string) =>
      TIERS.flatMap((tier) => Array.from(index.keysOf(id, tier), (key) => `${tier} ${key}`)).sort();
    const told = (id: string) => [...(reader.held.get(id) ?? [])].sort();
    return { index, replica, byId, reader, read, indexed, told, stop };
  }

  it('begins with all that is known and goes on with every change', async () => {
    const { replica, reader, read, indexed, told } = lab([knownEngine('a')]);
    replica.applyDelta(delta('ns/a', 1, [1, 2]), 0);
    await read((event) => 'complete' in event);
    expect(reader.kinds).toEqual(['begin', 'engine', 'state', 'complete']);
    expect(told('ns/a')).toEqual(['gpu 1', 'gpu 2']);
    replica.applyDelta(delta('ns/a', 2, [3], [1]), 0);
    await read((event) => 'change' in event);
    expect(told('ns/a')).toEqual(indexed('ns/a'));
  });

  it('tells of engines that come, change and leave', async () => {
    const { byId, reader, read } = lab([knownEngine('a')]);
    await read((event) => 'complete' in event);
    byId.set('ns/b', knownEngine('b', { ip: '10.0.0.2', state: 'connecting' }));
    await read((event) => 'state' in event && event.state.engineId === 'ns/b');
    byId.set('ns/b', knownEngine('b', { ip: '10.0.0.2', state: 'live' }));
    await read((event) => 'engine' in event && event.engine.state === 'live');
    byId.delete('ns/a');
    await read((event) => 'left' in event);
    expect([...reader.held.keys()]).toEqual(['ns/b']);
  });

  it('keeps no more for a slow reader of numbers: the keys wait with them', async () => {
    const { replica, reader, read } = lab([knownEngine('a')], 10, false);
    await read((event) => 'complete' in event);
    replica.applyDelta(delta('ns/a', 1, [1, 2, 3, 4, 5, 6, 7, 8]), 0);
    replica.applyDelta(delta('ns/a', 2, [9]), 0);
    await read((event) => 'lagged' in event);
    expect(reader.lagged).toBe(2);
  });

  it('begins anew for a reader that is too slow, and says how much it missed', async () => {
    const { replica, reader, read, indexed, told } = lab([knownEngine('a')], 10);
    await read((event) => 'complete' in event);
    for (let i = 1; i <= 20; i++) replica.applyDelta(delta('ns/a', i, [i]), 0);
    await read((event) => 'complete' in event);
    expect(reader.kinds.slice(-5)).toEqual(['lagged', 'begin', 'engine', 'state', 'complete']);
    expect(reader.lagged).toBe(20);
    expect(told('ns/a')).toEqual(indexed('ns/a'));
    replica.applyDelta(delta('ns/a', 21, [21]), 0);
    await read((event) => 'change' in event);
    expect(told('ns/a')).toEqual(indexed('ns/a'));
  });

  it('ends when it is told to', async () => {
    const { read, stop } = lab([knownEngine('a')]);
    await read((event) => 'complete' in event);
    const ended = read(() => false);
    stop.abort();
    await ended;
  });

  it('leads to what the index has, whatever is lost, repeated or begun anew, wherever the reader stands', async () => {
    const op = fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('delta'), engine: fc.nat(1), key: fc.nat(8) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose'), engine: fc.nat(1), key: fc.nat(8) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('life'), engine: fc.nat(1), key: fc.nat(8) }) },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('snapshot'), engine: fc.nat(1), key: fc.nat(8) }),
      },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('read'), engine: fc.nat(1), key: fc.nat(8) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(op, { maxLength: 40 }), async (ops) => {
        const ids = ['ns/a', 'ns/b'];
        const { replica, read, indexed, told, reader, stop } = lab(
          [knownEngine('a'), knownEngine('b', { ip: '10.0.0.2' })],
          12,
        );
        const lives = [1, 1];
        const sequences = [0, 0];
        const held = [new Set<number>(), new Set<number>()];
        for (const { kind, engine, key } of ops) {
          const engineId = ids[engine] as string;
          const keys = held[engine] as Set<number>;
          if (kind === 'read') {
            await read(() => true);
            continue;
          }
          if (kind === 'life') {
            lives[engine] = (lives[engine] as number) + 1;
            sequences[engine] = 0;
            keys.clear();
          }
          const incarnation = lives[engine] as number;
          if (kind === 'snapshot') {
            const sequence = sequences[engine] as number;
            const tiers = [{ tier: 'gpu' as const, keys: u64(...keys) }];
            replica.applySnapshot({ engineId, incarnation, sequence, part: 0, parts: 1, tiers }, 0);
            continue;
          }
          const sequence = (sequences[engine] as number) + 1;
          sequences[engine] = sequence;
          const isHeld = keys.delete(key);
          if (!isHeld) keys.add(key);
          const change = delta(engineId, sequence, isHeld ? [] : [key], isHeld ? [key] : []);
          if (kind !== 'lose') replica.applyDelta({ ...change, incarnation }, 0);
        }
        // A last change of each engine shows that the reader has come to the end.
        for (const [i, engineId] of ids.entries()) {
          const incarnation = (lives[i] as number) + 1;
          replica.applyDelta({ ...delta(engineId, 1, [1000 + i]), incarnation }, 0);
        }
        await read(() => ids.every((id) => told(id).some((key) => / 100\d$/.test(key))) && isWhole(reader));
        for (const id of ids) expect(told(id)).toEqual(indexed(id));
        stop.abort();
      }),
      { numRuns: 60 },
    );
  });
});

/** Whether the newest beginning is complete. */
function isWhole({ kinds }: Reader): boolean {
  return kinds.lastIndexOf('complete') > kinds.lastIndexOf('begin');
}
