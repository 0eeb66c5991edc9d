import { type EngineRequest, findProfile, stepTimeMs } from '../../src/engine-model/index.js';
import type { ChunkStore } from './chunk-store.js';

export const profile = findProfile({ gpu: 'h100', model: 'Qwen3-32B', dtype: 'bf16', tp: 2 });

interface PlainSequence {
  request: EngineRequest;
  blocks: number[];
  computed: number;
  emitted: number;
  stored: number;
  told: number;
  wasPreempted?: boolean;
  /** While it loads: when that ends and how many blocks it then has. */
  load?: { endsMs: number; from: number; until: number; gone: boolean };
}

export const newSequence = (request: EngineRequest): PlainSequence => ({
  request,
  blocks: [],
  computed: 0,
  emitted: 0,
  stored: 0,
  told: 0,
});

/** The same rules with one pass over every sequence per step, plain arrays and no shortcuts. */
export class PlainEngine {
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
    readonly storage?: ChunkStore,
    readonly gate = true,
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
  loading: PlainSequence[] = [];
  ready: PlainSequence[] = [];
  deferred: PlainSequence[] = [];
  nowMs = 0;
  external = { queries: 0, hits: 0, loads: 0, refused: 0 };
  get busy(): boolean {
    return [this.running, this.waiting, this.loading, this.ready].some((list) => list.length > 0);
  }
  /** Prefill of the tokens from..to, chunk by chunk, with nothing else in the batch. */
  alone(from: number, to: number): number {
    let ms = 0;
    for (let at = from; at < to; at += this.budget) {
      const k = Math.min(this.budget, to - at) / 1000;
      ms += stepTimeMs(profile, {
        decodingSequences: 0,
        decodeContextTokens: 0,
        prefillKTokens: k,
        prefillKTokensSquared: (2 * at * k) / 1000 + k * k,
      });
    }
    return ms;
  }
  /** Whether the sequence goes to storage instead of being admitted now. */
  goesAside(s: PlainSequence, hits: number[], known: number): boolean {
    const { storage, size } = this;
    if (!storage) return false;
    const per = storage.blocksPerChunk;
    const first = Math.floor(hits.length / per);
    const end = Math.floor(s.request.promptBlocks.length / per);
    const durations = first < end ? storage.offer(s.request, first, end) : [];
    const busyMs = Math.max(0, ...this.loading.map((l) => l.load!.endsMs - this.nowMs));
    const after = (chunks: number) => Math.min((first + chunks) * per * size, known - 1);
    let chunks = this.gate ? 0 : durations.length;
    if (this.gate) {
      let best = this.alone(hits.length * size, known);
      durations.forEach((ms, i) => {
        const total = busyMs + ms + this.alone(after(i + 1), known);
        if (total < best - 1e-9) [best, chunks] = [total, i + 1];
      });
      if (chunks === 0 && durations.length > 0) this.external.refused++;
    }
    const isComing = this.loading.some(
      ({ load, request }) =>
        !load!.gone &&
        load!.from <= hits.length &&
        hits.length < load!.until &&
        request.promptBlocks[hits.length] === s.request.promptBlocks[hits.length],
    );
    if (chunks > 0 && isComing) {
      this.waiting.shift();
      this.deferred.push(s);
      return true;
    }
    if (chunks > 0) chunks = storage.load(s.request, first, chunks);
    if (!s.wasPreempted) {
      this.external.queries += s.request.promptTokens - hits.length * size;
      if (chunks > 0) this.external.hits += after(chunks) - hits.length * size;
    }
    if (chunks === 0) return false;
    this.external.loads++;
    this.waiting.shift();
    const from = hits.length;
    this.hold(s, hits, Math.ceil(known / size));
    s.told = first + chunks;
    const endsMs = this.nowMs + busyMs + durations[chunks - 1]!;
    s.load = { endsMs, from, until: (first + chunks) * per, gone: false };
    this.loading.push(s);
    return true;
  }
  hold(s: PlainSequence, hits: number[], total: number): void {
    for (const block of hits) {
      if (this.references[block]!++ === 0) this.free.splice(this.free.indexOf(block), 1);
    }
    s.blocks = hits;
    s.stored = hits.length;
    s.computed = hits.length * this.size;
    while (s.blocks.length < total) s.blocks.push(this.allocate());
  }
  abort(id: EngineRequest['id']): boolean {
    const load = this.loading.find((s) => s.request.id === id && !s.load!.gone)?.load;
    if (load) {
      load.gone = true;
      return true;
    }
    for (const list of [this.waiting, this.running, this.ready, this.deferred]) {
      const at = list.findIndex((s) => s.request.id === id);
      if (at < 0) continue;
      this.release(list.splice(at, 1)[0]!);
      return true;
    }
    return false;
  }
  finishLoads(ms: number): void {
    this.nowMs += ms;
    const ended = this.loading.filter((s) => s.load!.endsMs < this.nowMs + 1e-6);
    for (const s of ended) {
      this.loading.splice(this.loading.indexOf(s), 1);
      const { until, gone } = s.load!;
      if (gone) {
        this.release(s);
        continue;
      }
      this.store(s, until * this.size - s.computed);
      s.computed = Math.min(until * this.size, s.request.promptTokens + s.emitted - 1);
      this.ready.push(s);
    }
    if (ended.length > 0) this.waiting.unshift(...this.deferred.splice(0));
  }
  step(): { tokens: string[]; preempted: number; ms: number; events: string[] } | undefined {
    if (!this.busy) return undefined;
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
        victim.wasPreempted = true;
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
    while (preempted === 0 && budget > 0 && this.ready.length && this.running.length < this.maxSequences) {
      const s = this.ready.shift()!;
      const tokens = Math.min(s.request.promptTokens + s.emitted - s.computed, budget);
      this.running.push(s);
      this.scheduled.push([s, tokens]);
      this.store(s, tokens);
      budget -= tokens;
    }
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
      if (this.goesAside(s, hits, known)) continue;
      this.waiting.shift();
      this.hold(s, hits, total);
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
    if (this.scheduled.length === 0 && this.loading.length > 0) {
      ms = Math.min(5, this.loading[0]!.load!.endsMs - this.nowMs);
    }
    const tokens: string[] = [];
    const ended: PlainSequence[] = [];
    for (const [s, count] of this.scheduled) {
      s.computed += count;
      const { storage } = this;
      if (storage) {
        const inPrompt = Math.min(s.computed, s.request.promptTokens);
        const complete = Math.floor(inPrompt / this.size / storage.blocksPerChunk);
        if (complete > s.told) {
          storage.store(s.request, s.told, complete);
          s.told = complete;
        }
      }
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
    this.finishLoads(ms);
    return { tokens: tokens.sort(), preempted, ms, events: this.events };
  }
  decoding = new Set<PlainSequence>();
}
