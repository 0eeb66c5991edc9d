import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type CacheEvent, EngineModel, type EngineRequest, findProfile } from './index.js';

const profile = findProfile({ gpu: 'h100', model: 'Qwen3-32B', dtype: 'bf16', tp: 2 });

interface PlainSequence {
  request: EngineRequest;
  blocks: number[];
  computed: number;
  emitted: number;
  stored: number;
}

/** The same rules with one pass over every sequence per step, plain arrays and no shortcuts. */
class PlainEngine {
  free: number[];
  references: number[];
  content = new Map<number, number>();
  waiting: PlainSequence[] = [];
  running: PlainSequence[] = [];
  events: string[] = [];
  scheduled: Array<[PlainSequence, number]> = [];
  constructor(
    readonly count: number,
    readonly size: number,
    readonly budget: number,
    readonly maxSequences: number,
  ) {
    this.free = Array.from({ length: count }, (_, i) => i);
    this.references = this.free.map(() => 0);
  }
  contentOf(s: PlainSequence, i: number): number {
    const { promptBlocks } = s.request;
    return i < promptBlocks.length ? promptBlocks[i]! : s.request.outputBlock(i - promptBlocks.length);
  }
  allocate(): number {
    const block = this.free.shift()!;
    this.references[block] = 1;
    const old = this.content.get(block);
    if (old !== undefined) this.events.push(`-${old}`);
    this.content.delete(block);
    this.stamp.delete(block);
    return block;
  }
  find(content: number): number | undefined {
    const copies = [...this.content].filter(([, c]) => c === content).map(([b]) => b);
    return copies.sort((a, b) => this.stamp.get(a)! - this.stamp.get(b)!)[0];
  }
  stamp = new Map<number, number>();
  clock = 0;
  release(s: PlainSequence): void {
    for (const block of s.blocks.reverse()) if (--this.references[block]! === 0) this.free.push(block);
    s.blocks = [];
    s.stored = 0;
  }
  store(s: PlainSequence, tokens: number): void {
    for (; s.stored < Math.floor((s.computed + tokens) / this.size); s.stored++) {
      const content = this.contentOf(s, s.stored);
      this.content.set(s.blocks[s.stored]!, content);
      this.stamp.set(s.blocks[s.stored]!, this.clock++);
      this.events.push(`+${content}`);
    }
  }
  step(): { tokens: string[]; preempted: number; ms: number; events: string[] } | undefined {
    if (this.running.length + this.waiting.length === 0) return undefined;
    this.events = [];
    this.scheduled = [];
    let budget = this.budget;
    let preempted = 0;
    for (let i = 0; i < this.running.length && budget > 0; i++) {
      const s = this.running[i]!;
      const known = s.request.promptTokens + s.emitted;
      const tokens = Math.min(known - s.computed, budget);
      const need = () => Math.ceil((s.computed + tokens) / this.size) - s.blocks.length;
      let gone = false;
      while (need() > this.free.length && !gone) {
        const victim = this.running.pop()!;
        this.release(victim);
        victim.computed = 0;
        this.waiting.unshift(victim);
        preempted++;
        gone = victim === s;
      }
      if (gone) break;
      while (need() > 0) s.blocks.push(this.allocate());
      this.scheduled.push([s, tokens]);
      budget -= tokens;
    }
    // Events of one step: the fast model reports all decodes' evictions before their stores.
    for (const [s, tokens] of this.scheduled) this.store(s, tokens);
    while (preempted === 0 && budget > 0 && this.waiting.length && this.running.length < this.maxSequences) {
      const s = this.waiting[0]!;
      const known = s.request.promptTokens + s.emitted;
      const hits: number[] = [];
      while (hits.length < Math.floor((known - 1) / this.size)) {
        const block = this.find(this.contentOf(s, hits.length));
        if (block === undefined) break;
        hits.push(block);
      }
      const tokens = Math.min(known - hits.length * this.size, budget);
      const total = Math.ceil((hits.length * this.size + tokens) / this.size);
      const held = hits.filter((b) => this.references[b]! > 0).length;
      if (Math.ceil(known / this.size) - held > this.free.length) break;
      this.waiting.shift();
      for (const block of hits) {
        if (this.references[block]!++ === 0) this.free.splice(this.free.indexOf(block), 1);
      }
      s.blocks = hits;
      s.stored = hits.length;
      s.computed = hits.length * this.size;
      while (s.blocks.length < total) s.blocks.push(this.allocate());
      this.running.push(s);
      this.scheduled.push([s, tokens]);
      this.store(s, tokens);
      budget -= tokens;
    }
    const decodes = this.scheduled.filter(
      ([s]) => s.emitted > 0 && s.computed === s.request.promptTokens + s.emitted - 1,
    );
    const isDecode = new Set(decodes.map(([s]) => s).filter((s) => s.computed > 0 && this.decoding.has(s)));
    let ms = isDecode.size > 0 ? profile.decodeBaseMs : profile.prefillBaseMs;
    for (const [s, tokens] of this.scheduled) {
      const k = tokens / 1000;
      if (isDecode.has(s))
        ms += profile.decodePerSequenceMs + (profile.decodePerContextKTokenMs * (s.computed + 1)) / 1000;
      else
        ms +=
          profile.prefillPerKTokenMs * k +
          profile.prefillPerKTokenSquaredMs * ((2 * s.computed * k) / 1000 + k * k);
    }
    const tokens: string[] = [];
    const ended: PlainSequence[] = [];
    for (const [s, count] of this.scheduled) {
      s.computed += count;
      if (s.computed < s.request.promptTokens + s.emitted) continue;
      tokens.push(`${s.request.id}:${s.emitted}`);
      this.decoding.add(s);
      if (++s.emitted === s.request.outputTokens) ended.push(s);
    }
    for (const s of this.waiting) this.decoding.delete(s);
    for (const s of ended) {
      this.running.splice(this.running.indexOf(s), 1);
      this.release(s);
    }
    return { tokens: tokens.sort(), preempted, ms, events: this.events };
  }
  decoding = new Set<PlainSequence>();
}

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

describe('EngineModel against a plain implementation of the same rules', () => {
  it('agrees in every step on tokens, preemptions, duration and cache events, and conserves blocks', () => {
    fc.assert(
      fc.property(scenario, ({ arrivals, blockSize, spareBlocks, budget, maxSequences }) => {
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
        const largest = Math.max(
          ...requests.map((r) => Math.ceil((r.promptTokens + r.outputTokens) / blockSize)),
        );
        const blockCount = largest + spareBlocks;
        const options = { profile, blockSize, blockCount, maxBatchedTokens: budget, maxSequences };
        const engine = new EngineModel(options);
        const twin = new EngineModel(options);
        const plain = new PlainEngine(blockCount, blockSize, budget, maxSequences);
        const emitted = new Map<number, number>();
        const cache = new Map<number, number>();
        const ours: string[] = [];
        const theirs: string[] = [];
        for (let step = 0; step <= 30 || plain.running.length + plain.waiting.length > 0; step++) {
          for (const r of requests) {
            if (r.atStep !== step) continue;
            engine.enqueue(r);
            twin.enqueue(r);
            plain.waiting.push({ request: r, blocks: [], computed: 0, emitted: 0, stored: 0 });
          }
          const expected = plain.step();
          const begun = engine.beginStep();
          if ((begun === undefined) !== (expected === undefined))
            throw new Error(`step ${step}: only one is idle`);
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
            for (const c of event.contents)
              cache.set(c, (cache.get(c) ?? 0) + (event.type === 'stored' ? 1 : -1));
          }
          const replayed = [...cache].filter(([, copies]) => copies !== 0);
          const cached = engine.cachedContents().map((c) => [c.content, c.copies]);
          const events = outcome.cacheEvents.flatMap((e) =>
            e.contents.map((c) => `${e.type === 'stored' ? '+' : '-'}${c}`),
          );
          const used = Math.round(engine.gauges().kvUsage * blockCount);
          ours.push(
            [outcome.tokenCount, tokens.sort(), outcome.preempted.length, used].join(' '),
            events.sort().join(' '),
            cached.sort((a, b) => a[0]! - b[0]!).join(' '),
          );
          theirs.push(
            [
              expected.tokens.length,
              expected.tokens,
              expected.preempted,
              blockCount - plain.free.length,
            ].join(' '),
            expected.events.sort().join(' '),
            replayed.sort((a, b) => a[0] - b[0]).join(' '),
          );
          if (engine.gauges().kvUsage > 1) throw new Error('more blocks used than there are');
        }
        expect(ours).toEqual(theirs);
        for (const r of requests) expect(emitted.get(r.id as number)).toBe(r.outputTokens);
        expect(engine.gauges()).toMatchObject({ waiting: 0, running: 0, kvUsage: 0 });
      }),
      { numRuns: 300 },
    );
  });
});
