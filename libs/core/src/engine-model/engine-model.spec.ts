import { describe, expect, it } from '@jest/globals';
import {
  EngineModel,
  type EngineOptions,
  type EngineRequest,
  findProfile,
  type StepOutcome,
} from './index.js';

const profile = findProfile({ gpu: 'h100', model: 'Qwen3-32B', dtype: 'bf16', tp: 2 });
const model = (options: Partial<EngineOptions> = {}) =>
  new EngineModel({
    profile,
    blockSize: 4,
    blockCount: 64,
    maxBatchedTokens: 32,
    maxSequences: 8,
    ...options,
  });

/** Prompt blocks 100·group, 100·group+1, …; generated blocks are unique to the request. */
function request(id: number, promptTokens: number, outputTokens: number, group = id): EngineRequest {
  return {
    id,
    promptTokens,
    outputTokens,
    promptBlocks: Array.from({ length: Math.floor(promptTokens / 4) }, (_, i) => group * 100 + i),
    outputBlock: (i) => 1_000_000 + id * 1000 + i,
  };
}

function drain(engine: EngineModel): StepOutcome[] {
  const outcomes: StepOutcome[] = [];
  while (engine.beginStep()) outcomes.push(engine.endStep());
  return outcomes;
}

const ids = (requests: readonly EngineRequest[]) => requests.map((r) => r.id);

describe('EngineModel', () => {
  it('prefills in chunks of the budget, then decodes one token per step', () => {
    const engine = model();
    engine.enqueue(request(1, 70, 3));
    const outcomes = drain(engine);
    expect(outcomes.map((o) => o.tokenCount)).toEqual([0, 0, 1, 1, 1]);
    expect(ids(outcomes[2]!.started)).toEqual([1]);
    expect(ids(outcomes[4]!.finished)).toEqual([1]);
    expect(engine.gauges()).toMatchObject({ waiting: 0, running: 0, kvUsage: 0 });
  });

  it('reports stores with parent and ordinal after the step, and generated blocks when they fill', () => {
    const engine = model();
    engine.enqueue(request(1, 10, 8));
    const stored = drain(engine).map((o) =>
      o.cacheEvents.map((e) => (e.type === 'stored' ? [e.firstBlock, e.contents, e.parent] : e)),
    );
    // 10 prompt tokens fill 2 blocks; KV of generated tokens 1 and 2 fills block 2, of 3 to 6 block 3.
    expect(stored).toEqual([
      [[0, [100, 101], undefined]],
      [],
      [[2, [1_001_000], 101]],
      [],
      [],
      [],
      [[3, [1_001_001], 1_001_000]],
      [],
    ]);
  });

  it('recomputes at least the last token of a fully cached prompt, storing its block again', () => {
    const engine = model();
    engine.enqueue(request(1, 16, 1, 7));
    drain(engine);
    engine.enqueue(request(2, 16, 1, 7));
    const [step] = drain(engine);
    expect(step!.cacheEvents).toMatchObject([
      { type: 'stored', firstBlock: 3, contents: [703], parent: 702 },
    ]);
    expect(engine.gauges()).toMatchObject({ prefixCacheQueryTokens: 32, prefixCacheHitTokens: 12 });
    expect(engine.cachedContents().find((c) => c.content === 703)).toMatchObject({ copies: 2, parent: 702 });
  });

  it('lets a request admitted in the same step share the blocks being computed', () => {
    const engine = model();
    engine.enqueue(request(1, 17, 1, 7));
    engine.enqueue(request(2, 17, 1, 7));
    const [step] = drain(engine);
    expect(ids(step!.finished)).toEqual([1, 2]);
    expect(engine.gauges().prefixCacheHitTokens).toBe(16);
  });

  it('evicts the tail of the least recently used request first', () => {
    const engine = model({ blockCount: 8 });
    engine.enqueue(request(1, 16, 1));
    drain(engine);
    engine.enqueue(request(2, 20, 1));
    const removed = drain(engine).flatMap((o) => o.cacheEvents.filter((e) => e.type === 'removed'));
    expect(removed).toEqual([{ type: 'removed', contents: [103] }]);
  });

  it('preempts the newest and recomputes it, counting its lookup once', () => {
    const engine = model({ blockCount: 8 });
    engine.enqueue(request(1, 12, 12));
    engine.enqueue(request(2, 12, 12));
    const outcomes = drain(engine);
    expect(outcomes.flatMap((o) => ids(o.preempted))).toContain(2);
    expect(outcomes.flatMap((o) => ids(o.preempted))).not.toContain(1);
    expect(outcomes.flatMap((o) => ids(o.resumed))).toContain(2);
    expect(outcomes.flatMap((o) => ids(o.started))).toEqual([1, 2]);
    expect(outcomes.reduce((sum, o) => sum + o.tokenCount, 0)).toBe(24);
    expect(engine.gauges().prefixCacheQueryTokens).toBe(24);
    expect(engine.gauges().preemptions).toBeGreaterThan(0);
  });

  it('drops an aborted request wherever it is', () => {
    const engine = model({ maxSequences: 2 });
    for (const id of [1, 2, 3]) engine.enqueue(request(id, 40, 50));
    engine.beginStep();
    expect(engine.abort(3)).toBe(true);
    expect(engine.abort(1)).toBe(true);
    expect(engine.endStep().tokenCount).toBe(0);
    engine.beginStep();
    engine.endStep();
    engine.beginStep();
    engine.endStep();
    engine.beginStep();
    expect(engine.abort(2)).toBe(true);
    expect(engine.endStep().tokenCount).toBe(0);
    expect(engine.abort(2)).toBe(false);
    expect(engine.beginStep()).toBeUndefined();
    expect(engine.gauges()).toMatchObject({ waiting: 0, running: 0, kvUsage: 0 });
  });

  it('resets its cache only while idle', () => {
    const engine = model();
    engine.enqueue(request(1, 12, 2));
    engine.beginStep();
    expect(engine.reset()).toBe(false);
    engine.endStep();
    drain(engine);
    expect(engine.cachedContents()).not.toHaveLength(0);
    expect(engine.reset()).toBe(true);
    expect(engine.cachedContents()).toEqual([]);
  });

  it.each([
    [request(1, 300, 1), /need 76 KV blocks, the engine has 64/],
    [request(1, 0, 1), /promptTokens must be at least 1/],
    [request(1, 4, 0), /outputTokens must be at least 1/],
    [{ ...request(1, 9, 1), promptBlocks: [1] }, /must name its 2 full blocks, it names 1/],
  ])('refuses what can never run (%#)', (bad, why) => {
    expect(() => model().enqueue(bad)).toThrow(why);
  });

  it('refuses misuse: steps out of order, double ids, a budget below the sequences', () => {
    const engine = model();
    engine.enqueue(request(1, 4, 4));
    expect(() => engine.enqueue(request(1, 4, 4))).toThrow(/with this id/);
    expect(() => engine.endStep()).toThrow(/call beginStep/);
    engine.beginStep();
    expect(() => engine.beginStep()).toThrow(/call endStep/);
    expect(() => model({ maxBatchedTokens: 4 })).toThrow(/at least maxSequences/);
  });
});
