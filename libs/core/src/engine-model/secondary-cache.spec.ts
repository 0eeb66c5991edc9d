import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ChunkStore } from '../../test/engine-model/chunk-store.js';
import {
  EngineModel,
  type EngineOptions,
  type EngineRequest,
  findProfile,
  type StepOutcome,
} from './index.js';

const profile = findProfile({ gpu: 'h100', model: 'Qwen3-32B', dtype: 'bf16', tp: 2 });
const model = (store: ChunkStore | undefined, options: Partial<EngineOptions> = {}) =>
  new EngineModel(
    { profile, blockSize: 4, blockCount: 64, maxBatchedTokens: 32, maxSequences: 8, ...options },
    store,
  );

function request(id: number, promptTokens: number, outputTokens: number, group = id): EngineRequest {
  return {
    id,
    promptTokens,
    outputTokens,
    promptBlocks: Array.from({ length: Math.floor(promptTokens / 4) }, (_, i) => group * 1000 + i),
    outputBlock: (i) => 1_000_000 + id * 1000 + i,
  };
}

/** A store of the first `blocks` blocks of group 1, two per chunk. */
const stored = (blocks: number, latencyMs = 1, chunkMs = 0.01) =>
  ChunkStore.with({
    blocksPerChunk: 2,
    latencyMs,
    chunkMs,
    there: Array.from({ length: blocks }, (_, block) => [1, block] as const),
  });

interface Step extends StepOutcome {
  readonly durationMs: number;
}

function drain(engine: EngineModel, most = Number.POSITIVE_INFINITY): Step[] {
  const steps: Step[] = [];
  while (steps.length < most) {
    const begun = engine.beginStep();
    if (!begun) break;
    steps.push({ ...engine.endStep(), ...begun });
  }
  return steps;
}

/** ms until the only request's first token. */
function ttftMs(engine: EngineModel, only: EngineRequest): number {
  engine.enqueue(only);
  let ms = 0;
  for (;;) {
    ms += engine.beginStep()!.durationMs;
    if (engine.endStep().started.length > 0) return ms;
  }
}

const STORED = { type: 'stored', firstBlock: 0, contents: [1000, 1001], parent: undefined };

describe('EngineModel with a secondary cache', () => {
  it('waits in short steps until the load ends, then computes only the rest', () => {
    const engine = model(stored(2, 12, 0.5), { loadGate: false });
    engine.enqueue(request(1, 11, 1));
    const steps = drain(engine);
    expect(steps.map((s) => s.durationMs).slice(0, 3)).toEqual([5, 5, 2.5]);
    expect(steps.map((s) => s.tokenCount)).toEqual([0, 0, 0, 1]);
    expect(steps[2]!.cacheEvents).toMatchObject([{ ...STORED, loaded: true }]);
    const k = 3 / 1000;
    const work = 54.96 * k + 0.765 * ((2 * 8 * k) / 1000 + k * k);
    expect(steps[3]!.durationMs).toBeCloseTo(3.2 + work, 9);
    expect(engine.gauges()).toMatchObject({
      prefixCacheQueryTokens: 11,
      prefixCacheHitTokens: 0,
      externalQueryTokens: 11,
      externalHitTokens: 8,
      loads: 1,
      loadsRefused: 0,
    });
  });

  it('computes when that is quicker than the link, and says so', () => {
    const engine = model(stored(2, 12));
    engine.enqueue(request(1, 11, 1));
    expect(drain(engine)).toHaveLength(1);
    expect(engine.gauges()).toMatchObject({ externalQueryTokens: 11, externalHitTokens: 0, loadsRefused: 1 });
  });

  it('takes only as many chunks as pay', () => {
    // Even chunks take 0.1 ms, odd ones 0.3 ms; 8 tokens take 0.44 ms to compute, a step at least 3.2 ms.
    const quick = model(stored(8, 0, 0.1), { maxBatchedTokens: 8, maxSequences: 1 });
    quick.enqueue(request(1, 33, 1));
    drain(quick);
    expect(quick.gauges().externalHitTokens).toBe(32);
    const slow = model(stored(8, 0, 1.5), { maxBatchedTokens: 16 });
    slow.enqueue(request(1, 33, 1));
    drain(slow);
    // 16 tokens take 4.1 ms and two chunks 6 ms, but the third alone 1.5 ms of 3.6 ms.
    expect(slow.gauges().externalHitTokens).toBeLessThan(32);
  });

  it('loads beyond what the GPU has, and computes the last token of a prompt that is stored whole', () => {
    const store = stored(8);
    const engine = model(store, { loadGate: false });
    engine.enqueue(request(7, 12, 1, 1));
    drain(engine);
    store.calls.length = 0;
    engine.enqueue(request(8, 32, 2, 1));
    const steps = drain(engine);
    expect(store.calls).toEqual(['load 8 1 3']);
    expect(steps.flatMap((s) => s.cacheEvents)).toMatchObject([
      { firstBlock: 3, contents: [1003, 1004, 1005, 1006, 1007], parent: 1002, loaded: true },
    ]);
    expect(engine.gauges()).toMatchObject({ prefixCacheHitTokens: 12, externalHitTokens: 8 + 19 });
  });

  it('goes on computing others while a load runs', () => {
    const engine = model(stored(8, 40), { loadGate: false });
    engine.enqueue(request(1, 33, 1));
    engine.enqueue(request(2, 20, 3));
    const steps = drain(engine);
    expect(steps.findIndex((s) => s.finished.some((r) => r.id === 2))).toBe(2);
    expect(steps[0]!.durationMs).toBeCloseTo(3.2 + 54.96 * 0.02 + 0.765 * 0.02 ** 2, 9);
    const untilLoaded = steps.slice(0, -1).reduce((ms, s) => ms + s.durationMs, 0);
    expect(untilLoaded).toBeCloseTo(40 + 0.01 * 2 + 0.03 * 2, 6);
  });

  it('loads one after the other, and what two need only once', () => {
    const store = stored(8, 10);
    const engine = model(store, { loadGate: false });
    engine.enqueue(request(1, 33, 1));
    engine.enqueue(request(2, 33, 1, 1));
    engine.enqueue({ ...request(3, 9, 1), promptBlocks: [1000, 1001] });
    expect(engine.gauges().waiting).toBe(3);
    drain(engine, 1);
    expect(engine.gauges()).toMatchObject({ waiting: 3, running: 0 });
    drain(engine);
    expect(store.calls.filter((call) => call.startsWith('load'))).toEqual(['load 1 0 4']);
    expect(engine.gauges()).toMatchObject({ prefixCacheHitTokens: 32 + 8, loads: 1 });
  });

  it('keeps the blocks of an aborted load until it has ended', () => {
    const engine = model(stored(8, 8), { loadGate: false });
    engine.enqueue(request(1, 33, 1));
    engine.enqueue(request(2, 33, 1, 1));
    engine.beginStep();
    expect(engine.abort(1)).toBe(true);
    expect(engine.abort(1)).toBe(false);
    expect(engine.abort(2)).toBe(true);
    engine.endStep();
    expect(engine.gauges()).toMatchObject({ waiting: 0, running: 0, kvUsage: 9 / 64 });
    expect(engine.reset()).toBe(false);
    expect(drain(engine).flatMap((s) => s.cacheEvents)).toEqual([]);
    expect(engine.gauges()).toMatchObject({ waiting: 0, running: 0, kvUsage: 0 });
    engine.enqueue(request(1, 33, 1));
    expect(drain(engine).at(-1)!.finished).toHaveLength(1);
  });

  it('stores whole prompt chunks once, when the step that completes them has ended', () => {
    const store = stored(0);
    const engine = model(store);
    engine.enqueue(request(1, 47, 20));
    engine.beginStep();
    expect(store.calls).toEqual([]);
    engine.endStep();
    expect(store.calls).toEqual(['store 1 0 4']);
    drain(engine);
    expect(store.calls).toEqual(['store 1 0 4', 'store 1 4 5']);
    engine.enqueue(request(2, 16, 1));
    engine.beginStep();
    engine.abort(2);
    engine.endStep();
    expect(store.calls).toHaveLength(2);
  });

  it('computes what turns out to be damaged', () => {
    // The last block of the fourth chunk of group 4.
    const damaged = ChunkStore.with({
      blocksPerChunk: 2,
      latencyMs: 1,
      chunkMs: 0.01,
      there: Array.from({ length: 8 }, (_, block) => [4, block] as const),
    });
    expect(4007 % 7).toBe(3);
    const engine = model(damaged, { loadGate: false });
    engine.enqueue(request(4, 33, 1));
    drain(engine);
    expect(engine.gauges().externalHitTokens).toBe(24);
  });

  it('with the gate never makes a request alone later than it is without storage', () => {
    const scenario = fc.record({
      promptTokens: fc.integer({ min: 1, max: 250 }),
      onGpu: fc.nat(62),
      there: fc.array(fc.nat(62), { maxLength: 62 }),
      latencyMs: fc.double({ min: 0, max: 20, noNaN: true }),
      chunkMs: fc.double({ min: 0, max: 3, noNaN: true }),
      blocksPerChunk: fc.integer({ min: 1, max: 5 }),
      maxBatchedTokens: fc.integer({ min: 8, max: 300 }),
    });
    let loads = 0;
    fc.assert(
      fc.property(scenario, ({ promptTokens, onGpu, there, maxBatchedTokens, ...storage }) => {
        const store = ChunkStore.with({ ...storage, there: there.map((block) => [1, block] as const) });
        const [without, withStorage] = [undefined, store].map((secondary) => {
          const engine = model(secondary, { maxBatchedTokens });
          engine.enqueue(request(9, onGpu * 4 + 1, 1, 1));
          drain(engine);
          return ttftMs(engine, request(1, promptTokens, 1));
        });
        loads += store.calls.filter((call) => call.startsWith('load 1 ')).length;
        expect(withStorage!).toBeLessThanOrEqual(without! + 1e-6);
      }),
    );
    expect(loads).toBeGreaterThan(0);
  });

  it('leaks no block when requests are aborted in the middle of steps', () => {
    const action = fc.oneof(
      fc.record({
        do: fc.constant('enqueue' as const),
        tokens: fc.integer({ min: 1, max: 80 }),
        group: fc.nat(2),
      }),
      fc.record({ do: fc.constant('abort' as const), id: fc.nat(40) }),
      fc.constant({ do: 'step' as const }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const store = stored(20, 4, 0.1);
        const engine = model(store, { blockCount: 40, loadGate: false });
        const left = new Map<number, number>();
        let id = 0;
        let inStep = false;
        const count = (outcome: StepOutcome) =>
          outcome.forEachToken((r) => left.set(r.id as number, left.get(r.id as number)! - 1));
        for (const act of actions) {
          if (act.do === 'enqueue') {
            engine.enqueue(request(id, act.tokens, 1 + (act.tokens % 60), act.group));
            left.set(id++, 1 + (act.tokens % 60));
          } else if (act.do === 'abort') {
            if (engine.abort(act.id)) left.delete(act.id);
          } else {
            if (inStep) count(engine.endStep());
            inStep = engine.beginStep() !== undefined;
          }
        }
        if (inStep) count(engine.endStep());
        while (engine.beginStep()) count(engine.endStep());
        expect([...left.values()].every((tokens) => tokens === 0)).toBe(true);
        expect(engine.gauges()).toMatchObject({ waiting: 0, running: 0, kvUsage: 0 });
      }),
      { numRuns: 300 },
    );
  });

  it('refuses chunks of no blocks', () => {
    expect(() => model(new ChunkStore(0, 0, 0, []))).toThrow(/blocksPerChunk \(0\) must be at least 1/);
  });
});
