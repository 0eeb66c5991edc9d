import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { HolderChange } from './announcements.js';
import { ChunkLedger } from './chunk-ledger.js';
import type { ChunkView } from './chunk-view.js';
import { type Place, placeName, S3 } from './place.js';

const PLACES: Place[] = [
  { tier: 'cpu', node: 'a' },
  { tier: 'ssd', node: 'a' },
  { tier: 'cpu', node: 'b' },
  S3,
];
/** Chunks share blocks on purpose; the last is not known to anybody at first. */
const CHUNKS: Array<{ path: string; scope: string; keys: BigUint64Array }> = [
  { path: 'p0', scope: 'ns/p', keys: BigUint64Array.of(1n, 2n, 2n ** 63n) },
  { path: 'p1', scope: 'ns/p', keys: BigUint64Array.of(2n, 3n) },
  { path: 'p2', scope: 'ns/q', keys: BigUint64Array.of(1n, 3n) },
  { path: 'p3', scope: '', keys: new BigUint64Array(0) },
  { path: 'p3', scope: 'ns/p', keys: BigUint64Array.of(2n ** 63n, 7n) },
];

const chunk = fc.constantFrom(...CHUNKS);
const place = fc.constantFrom(...PLACES);
const names = [
  ...(['put', 'beginWrite', 'commitWrite', 'beginRead', 'beginLeave', 'endRead'] as const),
  ...(['beginDelete', 'revive', 'drop', 'touch', 'dropPlace', 'late'] as const),
];
const operation = fc.record({
  what: fc.constantFrom(...names),
  chunk,
  place,
  nowMs: fc.nat(50),
  size: fc.integer({ min: 1, max: 9 }),
});

type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

interface ModelCopy {
  state: 'writing' | 'valid' | 'deleting';
  readers: number;
  leaving: boolean;
  generation: number;
  size: number;
  usedMs: number;
}

/** The obvious implementation: chunks with maps of copies, everything else counted anew when asked. */
class Model {
  readonly chunks = new Map<
    string,
    { scope: string; keys: BigUint64Array; copies: Map<string, ModelCopy> }
  >();

  copy(path: string, at: Place): ModelCopy | undefined {
    return this.chunks.get(path)?.copies.get(placeName(at));
  }

  held(): Set<string> {
    const held = new Set<string>();
    for (const { scope, keys, copies } of this.chunks.values()) {
      for (const [name, { state }] of copies) {
        if (state === 'valid' && scope) for (const key of keys) held.add(`${scope} ${name} ${key}`);
      }
    }
    return held;
  }

  drop(path: string, at: Place): void {
    const row = this.chunks.get(path);
    row?.copies.delete(placeName(at));
    if (row?.copies.size === 0) this.chunks.delete(path);
  }
}

function apply(ledger: ChunkLedger, model: Model, op: Operation): void {
  const { path } = op.chunk;
  const copy = model.copy(path, op.place);
  const generation = copy?.generation ?? 1;
  const facts = { sizeBytes: op.size, crc32: op.size, lastUsedMs: op.nowMs };
  const fresh = { readers: 0, leaving: false, size: op.size, usedMs: op.nowMs };
  switch (op.what) {
    case 'put': {
      const at = ledger.put(op.chunk, op.place, facts);
      const row = model.chunks.get(path) ?? { scope: '', keys: new BigUint64Array(0), copies: new Map() };
      model.chunks.set(path, row);
      if (op.chunk.scope) Object.assign(row, { scope: op.chunk.scope, keys: op.chunk.keys });
      if (!copy) row.copies.set(placeName(op.place), { ...fresh, state: 'valid', generation: at });
      else {
        expect(at).toBe(generation);
        if (copy.state === 'writing') copy.state = 'valid';
        Object.assign(copy, { size: op.size, usedMs: Math.max(copy.usedMs, op.nowMs) });
      }
      return;
    }
    case 'beginWrite': {
      const at = ledger.beginWrite(path, op.place, facts);
      expect(at !== undefined).toBe(model.chunks.has(path) && !copy);
      if (at === undefined) return;
      model.chunks.get(path)?.copies.set(placeName(op.place), { ...fresh, state: 'writing', generation: at });
      return;
    }
    case 'commitWrite':
      expect(ledger.commitWrite(path, op.place, generation)).toBe(copy?.state === 'writing');
      if (copy?.state === 'writing') copy.state = 'valid';
      return;
    case 'beginRead':
    case 'beginLeave': {
      const leaving = op.what === 'beginLeave';
      const legal = copy?.state === 'valid' && !copy.leaving && !(leaving && copy.readers > 0);
      expect(ledger.beginRead(path, op.place, leaving) !== undefined).toBe(legal);
      if (copy && legal) Object.assign(copy, { leaving, readers: copy.readers + 1 });
      return;
    }
    case 'endRead':
      expect(ledger.endRead(path, op.place, generation)).toBe(copy !== undefined && copy.readers > 0);
      if (copy && copy.readers > 0 && --copy.readers === 0) copy.leaving = false;
      return;
    case 'beginDelete': {
      const legal = copy?.state === 'valid' && copy.readers === 0;
      expect(ledger.beginDelete(path, op.place) !== undefined).toBe(legal);
      if (copy && legal) Object.assign(copy, { state: 'deleting', leaving: true });
      return;
    }
    case 'revive':
      expect(ledger.revive(path, op.place, generation)).toBe(copy?.state === 'deleting');
      if (copy?.state === 'deleting') Object.assign(copy, { state: 'valid', leaving: false });
      return;
    case 'drop':
      expect(ledger.drop(path, op.place)).toBe(copy !== undefined);
      model.drop(path, op.place);
      return;
    case 'touch': {
      ledger.touch(path, op.nowMs, op.place.node, true);
      for (const at of PLACES) {
        const touched = model.copy(path, at);
        if (touched && (at.node === undefined || at.node === op.place.node)) {
          touched.usedMs = Math.max(touched.usedMs, op.nowMs);
        }
      }
      return;
    }
    case 'dropPlace':
      ledger.dropPlace(op.place);
      for (const { path: each } of CHUNKS) model.drop(each, op.place);
      return;
    case 'late':
      expect(ledger.commitWrite(path, op.place, -1)).toBe(false);
      expect(ledger.endRead(path, op.place, -1)).toBe(false);
      expect(ledger.revive(path, op.place, -1)).toBe(false);
      expect(ledger.drop(path, op.place, -1)).toBe(false);
  }
}

function fold(told: Set<string>, changes: readonly HolderChange[]): void {
  for (const { scope, place: at, stored, removed } of changes) {
    for (const key of removed) expect(told.delete(`${scope} ${placeName(at)} ${key}`)).toBe(true);
    for (const key of stored) {
      const fact = `${scope} ${placeName(at)} ${key}`;
      expect(told.has(fact)).toBe(false);
      told.add(fact);
    }
  }
}

describe('ChunkLedger', () => {
  it('equals a brute-force model after any operations', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), (ops, every) => {
        const ledger = new ChunkLedger();
        for (const at of PLACES) ledger.follow(at);
        const model = new Model();
        const told = new Set<string>();
        for (const [i, op] of ops.entries()) {
          apply(ledger, model, op);
          if (i % every === 0) fold(told, ledger.takeChanges());
        }
        fold(told, ledger.takeChanges());
        expect(told).toEqual(model.held());
        const anew = new Set<string>();
        for (const at of PLACES) {
          for (const scope of ledger.scopesAt(at)) {
            for (const key of ledger.heldAt(scope, at)) anew.add(`${scope} ${placeName(at)} ${key}`);
          }
        }
        expect(anew).toEqual(told);
        expect(ledger.size).toBe(model.chunks.size);
        for (const at of PLACES) expectPlace(ledger, model, at);
      }),
      { numRuns: 600 },
    );
  });

  it('gives the chunks of a block to the engines of its pool only', () => {
    const ledger = new ChunkLedger();
    for (const each of CHUNKS) ledger.put(each, S3, { sizeBytes: 1, crc32: 0, lastUsedMs: 0 });
    const paths = (scope: string, key: bigint) =>
      Array.from(ledger.chunksWith(scope, key), ({ path }) => path).sort();
    expect(paths('ns/p', 2n)).toEqual(['p0', 'p1']);
    expect(paths('ns/q', 2n)).toEqual([]);
    expect(paths('ns/q', 1n)).toEqual(['p2']);
    expect(paths('ns/p', 2n ** 63n)).toEqual(['p0', 'p3']);
    expect(paths('ns/p', 9n)).toEqual([]);
  });

  it('keeps the checksum of each copy', () => {
    const ledger = new ChunkLedger();
    const [first] = CHUNKS as [(typeof CHUNKS)[0]];
    ledger.put(first, S3, { sizeBytes: 4, crc32: 0xffff_ffff, lastUsedMs: 0 });
    ledger.put(first, PLACES[0] as Place, { sizeBytes: 4, crc32: 7, lastUsedMs: 0 });
    const { copies } = ledger.chunk('p0') as ChunkView;
    expect(copies.map(({ crc32 }) => crc32).sort()).toEqual([0xffff_ffff, 7]);
  });
});

function expectPlace(ledger: ChunkLedger, model: Model, at: Place): void {
  const here = [...model.chunks].flatMap(([path, { keys, copies }]) => {
    const copy = copies.get(placeName(at));
    return copy ? [{ path, copy, blocks: keys.length }] : [];
  });
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
  expect(ledger.use(at)).toEqual({
    place: at,
    usedBytes: sum(here.map(({ copy }) => copy.size)),
    leavingBytes: sum(here.map(({ copy }) => (copy.leaving ? copy.size : 0))),
    chunks: here.length,
    blocks: sum(here.map(({ blocks }) => blocks)),
  });
  const order = [...ledger.oldestFirst(at)];
  expect([...order].sort()).toEqual(here.map(({ path }) => path).sort());
  const dates = order.map((path) => model.copy(path, at)?.usedMs ?? 0);
  expect(dates).toEqual([...dates].sort((a, b) => a - b));
  for (const { path, copy } of here) {
    expect(ledger.copy(path, at)).toMatchObject({
      state: copy.readers > 0 ? 'reading' : copy.state,
      generation: copy.generation,
      leaving: copy.leaving,
      lastUsedMs: copy.usedMs,
    });
  }
}
