import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ChunkLedger } from './chunk-ledger.js';
import { DemotionPlanner, type DemotionSettings } from './demotion-planner.js';
import { type Place, placeName, S3 } from './place.js';
import type { PlaceCapacity } from './place-capacity.js';
import type { PlannedMove } from './planned-move.js';

const CPU: Place = { tier: 'cpu', node: 'a' };
const SSD: Place = { tier: 'ssd', node: 'a' };
const SETTINGS: DemotionSettings = { high: 0.9, low: 0.8, s3: true, s3AdmissionUses: 2, maxMoves: 1000 };
const SIZE = 10;

function capacities(cpu: number, ssd: number, s3 = 0): PlaceCapacity[] {
  const all = [
    { place: CPU, capacityBytes: cpu },
    { place: SSD, capacityBytes: ssd },
    { place: S3, capacityBytes: s3 },
  ];
  return all.filter(({ capacityBytes }) => capacityBytes >= 0);
}

/** Chunks `from` … `to` − 1, each `SIZE` bytes, used in this order. */
function put(ledger: ChunkLedger, place: Place, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const facts = { path: `c${i}`, scope: 'ns/p', keys: BigUint64Array.of(BigInt(i)) };
    ledger.put(facts, place, { sizeBytes: SIZE, crc32: i, lastUsedMs: i });
  }
}

const brief = (moves: PlannedMove[]) =>
  moves.map(({ path, from, to, reason }) => `${path}: ${from.tier} > ${to?.tier ?? '-'} (${reason})`);

describe('DemotionPlanner', () => {
  it('begins above the high watermark and ends at the low one', () => {
    const ledger = new ChunkLedger();
    const planner = new DemotionPlanner(SETTINGS);
    put(ledger, CPU, 0, 9);
    expect(planner.plan(ledger, capacities(100, 1000))).toEqual([]);
    put(ledger, CPU, 9, 10);
    expect(brief(planner.plan(ledger, capacities(100, 1000)))).toEqual([
      'c0: cpu > ssd (pressure)',
      'c1: cpu > ssd (pressure)',
    ]);
    ledger.drop('c0', CPU);
    expect(brief(planner.plan(ledger, capacities(100, 1000)))).toEqual(['c1: cpu > ssd (pressure)']);
    ledger.drop('c1', CPU);
    expect(planner.plan(ledger, capacities(100, 1000))).toEqual([]);
    put(ledger, CPU, 10, 11);
    expect(planner.plan(ledger, capacities(100, 1000))).toEqual([]);
  });

  it('lets what is to go to S3 wait when enough is on its way there, and nothing else', () => {
    const ledger = new ChunkLedger();
    const planner = new DemotionPlanner({ ...SETTINGS, s3AdmissionUses: 0 });
    put(ledger, SSD, 0, 10);
    const places = [
      { place: { tier: 'ssd', node: 'a' }, capacityBytes: 100 },
      { place: { tier: 'cpu', node: 'b' }, capacityBytes: 100 },
      { place: { tier: 'ssd', node: 'b' }, capacityBytes: 1000 },
      { place: S3, capacityBytes: 0 },
    ] as const;
    put(ledger, { tier: 'cpu', node: 'b' }, 300, 310);
    const plan = (maxToS3: number) => brief(planner.plan(ledger, places, undefined, maxToS3));
    const local = ['c300: cpu > ssd (pressure)', 'c301: cpu > ssd (pressure)'];
    expect(plan(0)).toEqual(local);
    expect(plan(1)).toEqual(['c0: ssd > s3 (pressure)', ...local]);
    expect(plan(9)).toEqual(['c0: ssd > s3 (pressure)', 'c1: ssd > s3 (pressure)', ...local]);
  });

  it('spares what is in motion and what is being read, and counts what is leaving', () => {
    const ledger = new ChunkLedger();
    const planner = new DemotionPlanner(SETTINGS);
    put(ledger, CPU, 0, 10);
    ledger.beginRead('c0', CPU);
    ledger.beginWrite('c1', SSD, { sizeBytes: SIZE, crc32: 1, lastUsedMs: 1 });
    expect(brief(planner.plan(ledger, capacities(100, 1000)))).toEqual([
      'c2: cpu > ssd (pressure)',
      'c3: cpu > ssd (pressure)',
    ]);
    expect(
      new DemotionPlanner(SETTINGS)
        .plan(ledger, capacities(100, 1000), (path) => path === 'c2')
        .map(({ path }) => path),
    ).toEqual(['c3', 'c4']);
    ledger.beginRead('c2', CPU, true);
    ledger.beginRead('c3', CPU, true);
    expect(planner.plan(ledger, capacities(100, 1000))).toEqual([]);
  });

  it('only removes what the tier below has', () => {
    const ledger = new ChunkLedger();
    put(ledger, CPU, 0, 10);
    put(ledger, SSD, 0, 1);
    expect(brief(new DemotionPlanner(SETTINGS).plan(ledger, capacities(100, 1000)))).toEqual([
      'c0: cpu > - (below-already)',
      'c1: cpu > ssd (pressure)',
    ]);
  });

  it('sends to S3 what was used often enough, and removes the rest', () => {
    const ledger = new ChunkLedger();
    put(ledger, SSD, 0, 10);
    for (const path of ['c1', 'c1', 'c0']) ledger.touch(path, 0, 'a', true);
    const planner = new DemotionPlanner(SETTINGS);
    expect(brief(planner.plan(ledger, capacities(100, 100)))).toEqual([
      'c0: ssd > - (not-admitted)',
      'c1: ssd > s3 (pressure)',
    ]);
    const without = new DemotionPlanner({ ...SETTINGS, s3: false });
    expect(brief(without.plan(ledger, capacities(100, 100)))[1]).toBe('c1: ssd > - (no-room-below)');
    expect(brief(planner.plan(ledger, capacities(100, 100, 5)))[1]).toBe('c1: ssd > - (no-room-below)');
  });

  it('waits for room on the SSD, but not when the CPU tier is over its capacity', () => {
    const ledger = new ChunkLedger();
    put(ledger, CPU, 0, 10);
    put(ledger, SSD, 20, 30);
    const settings = { ...SETTINGS, maxMoves: 1 };
    const planned = (cpu: number) =>
      brief(new DemotionPlanner({ ...settings, maxMoves: 100 }).plan(ledger, capacities(cpu, 100)));
    expect(planned(100)).toEqual(['c20: ssd > - (not-admitted)', 'c21: ssd > - (not-admitted)']);
    ledger.touch('c0', 0, 'a', true);
    ledger.touch('c0', 0, 'a', true);
    const leaving = planned(95).filter((move) => move.includes('cpu'));
    expect(leaving.sort()).toEqual([
      'c0: cpu > s3 (pressure)',
      'c1: cpu > - (not-admitted)',
      'c2: cpu > - (not-admitted)',
    ]);
    expect(new DemotionPlanner(settings).plan(ledger, capacities(95, 100))).toHaveLength(1);
  });

  it('goes past an SSD that is not there, or smaller than a chunk', () => {
    for (const ssd of [-1, 5]) {
      const ledger = new ChunkLedger();
      put(ledger, CPU, 0, 10);
      ledger.touch('c0', 0, 'a', true);
      ledger.touch('c0', 0, 'a', true);
      expect(brief(new DemotionPlanner(SETTINGS).plan(ledger, capacities(100, ssd)))).toEqual([
        'c0: cpu > s3 (pressure)',
        'c1: cpu > - (not-admitted)',
      ]);
    }
  });

  it('deletes from S3 what was not used for longest when it is full', () => {
    const ledger = new ChunkLedger();
    put(ledger, S3, 0, 10);
    ledger.touch('c0', 100, undefined, true);
    expect(brief(new DemotionPlanner(SETTINGS).plan(ledger, capacities(100, 100, 100)))).toEqual([
      'c1: s3 > - (no-room-below)',
      'c2: s3 > - (no-room-below)',
    ]);
  });

  it('sends the end of a prefix away before its beginning', () => {
    const ledger = new ChunkLedger();
    put(ledger, CPU, 0, 10);
    for (const path of ['c3', 'c2', 'c1']) ledger.touch(path, 50, 'a', true);
    const settings = { ...SETTINGS, high: 0.5, low: 0.2 };
    const leaving = new DemotionPlanner(settings).plan(ledger, capacities(100, 1000));
    expect(leaving.map(({ path }) => path)).toEqual(['c0', 'c4', 'c5', 'c6', 'c7', 'c8', 'c9', 'c3']);
  });

  it('never plans twice for a chunk, over a capacity, more than asked, or for what is pinned', () => {
    const copy = fc.record({
      chunk: fc.nat(30),
      place: fc.constantFrom(CPU, SSD, S3),
      state: fc.constantFrom('valid', 'valid', 'valid', 'read', 'writing', 'deleting'),
      uses: fc.nat(3),
      at: fc.nat(20),
    });
    const limits = fc.record({ cpu: fc.nat(200), ssd: fc.integer({ min: -1, max: 200 }), s3: fc.nat(200) });
    fc.assert(
      fc.property(
        fc.array(copy, { maxLength: 60 }),
        limits,
        fc.integer({ min: 1, max: 40 }),
        (copies, { cpu, ssd, s3 }, maxMoves) => {
          const ledger = new ChunkLedger();
          for (const { chunk, place, state, uses, at } of copies) {
            const path = `c${chunk}`;
            if (ledger.copy(path, place)) continue;
            const facts = { sizeBytes: SIZE, crc32: 0, lastUsedMs: at };
            if (state === 'writing') {
              ledger.beginWrite(path, place, facts);
              continue;
            }
            ledger.put({ path, scope: 'ns/p', keys: BigUint64Array.of(BigInt(chunk)) }, place, facts);
            if (state === 'read') ledger.beginRead(path, place);
            if (state === 'deleting') ledger.beginDelete(path, place);
            for (let i = 0; i < uses; i++) ledger.touch(path, at, 'a', true);
          }
          const given = capacities(cpu, ssd, s3);
          const moves = new DemotionPlanner({ ...SETTINGS, maxMoves }).plan(ledger, given);
          expect(moves.length).toBeLessThanOrEqual(maxMoves);
          expect(new Set(moves.map(({ path }) => path)).size).toBe(moves.length);
          for (const { path, from, removeSource } of moves) {
            expect([ledger.copy(path, from)?.state, removeSource]).toEqual(['valid', true]);
          }
          for (const { place, capacityBytes } of given) {
            const name = placeName(place);
            const { usedBytes, leavingBytes } = ledger.use(place);
            const coming = moves.filter(({ to }) => to && placeName(to) === name).length * SIZE;
            if (coming > 0 && capacityBytes > 0)
              expect(usedBytes + coming).toBeLessThanOrEqual(capacityBytes);
            const going = moves.filter(({ from }) => placeName(from) === name).length * SIZE;
            const left = usedBytes - leavingBytes;
            if (going > 0) expect(left).toBeGreaterThan(0.9 * capacityBytes);
            if (going > 0) expect(left - going + SIZE).toBeGreaterThan(0.8 * capacityBytes);
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});
