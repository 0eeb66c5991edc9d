import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ChunkStore } from '../../test/engine-model/chunk-store.js';
import { newSequence, PlainEngine, profile } from '../../test/engine-model/plain-engine.js';
import { type CacheEvent, EngineModel, type EngineRequest } from './index.js';

const describeEvents = (events: readonly CacheEvent[]) =>
  events
    .map((e) => `${e.type} ${e.contents} ${e.type === 'stored' ? `${e.firstBlock} ${e.parent}` : ''}`)
    .join();

const arrival = fc.record({
  atStep: fc.nat(30),
  group: fc.nat(2),
  promptTokens: fc.integer({ min: 1, max: 60 }),
  outputTokens: fc.integer({ min: 1, max: 40 }),
});
const scenario = fc.record({
  arrivals: fc.array(arrival, { minLength: 1, maxLength: 14 }),
  blockSize: fc.constantFrom(1, 2, 4, 5),
  spareBlocks: fc.nat(40),
  budget: fc.integer({ min: 6, max: 70 }),
  maxSequences: fc.integer({ min: 1, max: 6 }),
});
const storage = fc.record({
  blocksPerChunk: fc.integer({ min: 1, max: 3 }),
  latencyMs: fc.constantFrom(0, 0.1, 4),
  chunkMs: fc.constantFrom(0.02, 0.3, 20),
  there: fc.array(fc.tuple(fc.nat(2), fc.nat(12)), { maxLength: 12 }),
  gate: fc.boolean(),
  aborts: fc.array(fc.tuple(fc.nat(30), fc.nat(13)), { maxLength: 4 }),
});

type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;
type Storage = typeof storage extends fc.Arbitrary<infer T> ? T : never;

/** Runs both engines and compares every step. */
function compare(input: Scenario, stored?: Storage): void {
  const { arrivals, blockSize, spareBlocks, budget, maxSequences } = input;
  const requests = arrivals.map((a, id): EngineRequest & { atStep: number } => ({
    ...a,
    id,
    // Prompts of a group share a prefix: block i of the group, whatever the length.
    promptBlocks: Array.from(
      { length: Math.floor(a.promptTokens / blockSize) },
      (_, i) => a.group * 1000 + i,
    ),
    outputBlock: (i) => 1_000_000 + id * 1000 + i,
  }));
  const largest = Math.max(...requests.map((r) => Math.ceil((r.promptTokens + r.outputTokens) / blockSize)));
  const blockCount = largest + spareBlocks;
  const options = {
    profile,
    blockSize,
    blockCount,
    maxBatchedTokens: budget,
    maxSequences,
    loadGate: stored?.gate,
  };
  const stores = [0, 1, 2].map(() => stored && ChunkStore.with(stored));
  const engine = new EngineModel(options, stores[0]);
  const twin = new EngineModel(options, stores[1]);
  const plain = new PlainEngine(blockCount, blockSize, budget, maxSequences, stores[2], stored?.gate);
  const emitted = new Map<number, number>();
  const aborted = new Set<number>();
  const cache = new Map<number, number>();
  const ours: string[] = [];
  const theirs: string[] = [];
  for (let step = 0; step <= 30 || plain.busy; step++) {
    for (const r of requests) {
      if (r.atStep !== step) continue;
      engine.enqueue(r);
      twin.enqueue(r);
      plain.waiting.push(newSequence(r));
    }
    for (const [atStep, id] of stored?.aborts ?? []) {
      if (atStep !== step) continue;
      const known = engine.abort(id);
      twin.abort(id);
      if (plain.abort(id) !== known) throw new Error(`step ${step}: only one knows request ${id}`);
      if (known) aborted.add(id);
    }
    const expected = plain.step();
    const begun = engine.beginStep();
    if ((begun === undefined) !== (expected === undefined)) {
      throw new Error(`step ${step}: only one is idle`);
    }
    if (!begun || !expected) continue;
    twin.beginStep();
    if (Math.abs(begun.durationMs - expected.ms) > 1e-9) {
      throw new Error(`step ${step} lasts ${begun.durationMs} ms instead of ${expected.ms}`);
    }
    const outcome = engine.endStep();
    if (describeEvents(twin.endStep().cacheEvents) !== describeEvents(outcome.cacheEvents)) {
      throw new Error('two models with the same input differ');
    }
    const tokens: string[] = [];
    outcome.forEachToken((r, index) => {
      if (index !== (emitted.get(r.id as number) ?? 0)) throw new Error(`token ${index} out of order`);
      emitted.set(r.id as number, index + 1);
      tokens.push(`${r.id}:${index}`);
    });
    for (const event of outcome.cacheEvents) {
      for (const c of event.contents) cache.set(c, (cache.get(c) ?? 0) + (event.type === 'stored' ? 1 : -1));
    }
    const replayed = [...cache].filter(([, copies]) => copies !== 0);
    const cached = engine.cachedContents().map((c) => [c.content, c.copies]);
    const events = outcome.cacheEvents.flatMap((e) =>
      e.contents.map((c) => `${e.type === 'stored' ? '+' : '-'}${c}`),
    );
    const gauges = engine.gauges();
    const used = Math.round(gauges.kvUsage * blockCount);
    ours.push(
      [outcome.tokenCount, tokens.sort(), outcome.preempted.length, used].join(' '),
      events.sort().join(' '),
      cached.sort((a, b) => a[0]! - b[0]!).join(' '),
      [gauges.externalQueryTokens, gauges.externalHitTokens, gauges.loads, gauges.loadsRefused].join(' '),
      stores[0]?.calls.join() ?? '',
    );
    const { queries, hits, loads, refused } = plain.external;
    theirs.push(
      [expected.tokens.length, expected.tokens, expected.preempted, blockCount - plain.free.length].join(' '),
      expected.events.sort().join(' '),
      replayed.sort((a, b) => a[0] - b[0]).join(' '),
      [queries, hits, loads, refused].join(' '),
      stores[2]?.calls.join() ?? '',
    );
    if (gauges.kvUsage > 1) throw new Error('more blocks used than there are');
  }
  expect(ours).toEqual(theirs);
  for (const r of requests) {
    const tokens = emitted.get(r.id as number) ?? 0;
    if (aborted.has(r.id as number)) expect(tokens).toBeLessThan(r.outputTokens);
    else expect(tokens).toBe(r.outputTokens);
  }
  expect(engine.gauges()).toMatchObject({ waiting: 0, running: 0, kvUsage: 0 });
}

describe('EngineModel against a plain implementation of the same rules', () => {
  it('agrees in every step on tokens, preemptions, duration and cache events, and conserves blocks', () => {
    fc.assert(
      fc.property(scenario, (input) => compare(input)),
      { numRuns: 300 },
    );
  });

  it('sees that a waiting prompt fits once a block it needs is held, the copy that nobody held having gone', () => {
    const arrivals = [
      [0, 0, 8, 34],
      [1, 0, 1, 31],
      [26, 1, 49, 1],
      [5, 0, 1, 28],
      [25, 1, 16, 9],
      [22, 0, 1, 12],
      [0, 0, 1, 5],
      [0, 1, 16, 1],
    ].map(([atStep, group, promptTokens, outputTokens]) => ({
      atStep: atStep!,
      group: group!,
      promptTokens: promptTokens!,
      outputTokens: outputTokens!,
    }));
    compare({ arrivals, blockSize: 4, spareBlocks: 24, budget: 8, maxSequences: 6 });
  });

  it('also with a secondary cache: on loads, waiting, stores and counters, with requests aborted anywhere', () => {
    fc.assert(
      fc.property(scenario, storage, (input, stored) => compare(input, stored)),
      { numRuns: 500 },
    );
  });
});
