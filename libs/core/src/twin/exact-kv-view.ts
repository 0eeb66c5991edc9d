import type { CacheEvent } from '../engine-model/index.js';
import type { TwinRequest } from './twin-request.js';

interface Batch {
  readonly visibleMs: number;
  readonly engine: number;
  readonly events: readonly CacheEvent<TwinRequest>[];
}

const MAX_ENGINES = 32;

/**
 * What the router knows of the engines' caches: their own events, `delayMs` after they were published. One bit per
 * (content, engine). Generated blocks are left out: no prompt of a workload contains them.
 */
export class ExactKvView {
  private readonly holders: Uint32Array;
  /** Copies beyond the first, by content × 32 + engine. */
  private readonly extraCopies = new Map<number, number>();
  private readonly pending: Batch[] = [];
  private head = 0;

  constructor(
    private readonly engines: number,
    private readonly contentCount: number,
    private readonly delayMs: number,
  ) {
    if (engines > MAX_ENGINES) throw new Error(`ExactKvView: at most ${MAX_ENGINES} engines, not ${engines}`);
    this.holders = new Uint32Array(contentCount);
  }

  publish(engine: number, events: readonly CacheEvent<TwinRequest>[], nowMs: number): void {
    if (events.length > 0) this.pending.push({ visibleMs: nowMs + this.delayMs, engine, events });
  }

  /** Applies what has become visible by `nowMs`. */
  advance(nowMs: number): void {
    const { pending } = this;
    while (this.head < pending.length && pending[this.head]!.visibleMs <= nowMs) {
      const { engine, events } = pending[this.head++]!;
      for (const event of events) {
        for (const content of event.contents) {
          if (content >= this.contentCount) continue;
          if (event.type === 'stored') this.store(content, engine);
          else this.remove(content, engine);
        }
      }
    }
    if (this.head > 4096) this.head -= pending.splice(0, this.head).length;
  }

  /** Writes to `out[e]` how many leading blocks engine e holds. */
  match(blocks: Int32Array, out: Int32Array): void {
    const all = this.engines === MAX_ENGINES ? 0xffffffff : 2 ** this.engines - 1;
    let alive = all >>> 0;
    let matched = 0;
    for (; matched < blocks.length; matched++) {
      const left = (alive & this.holders[blocks[matched]!]!) >>> 0;
      if (left !== alive) this.note(alive & ~left, matched, out);
      alive = left;
      if (alive === 0) return;
    }
    this.note(alive, matched, out);
  }

  private note(engines: number, matched: number, out: Int32Array): void {
    for (let e = 0; e < this.engines; e++) if ((engines >>> e) & 1) out[e] = matched;
  }

  private store(content: number, engine: number): void {
    if (((this.holders[content]! >>> engine) & 1) === 0) {
      this.holders[content]! |= 1 << engine;
      return;
    }
    const key = content * MAX_ENGINES + engine;
    this.extraCopies.set(key, (this.extraCopies.get(key) ?? 0) + 1);
  }

  private remove(content: number, engine: number): void {
    const key = content * MAX_ENGINES + engine;
    const extra = this.extraCopies.get(key);
    if (extra === undefined) this.holders[content]! &= ~(1 << engine);
    else if (extra === 1) this.extraCopies.delete(key);
    else this.extraCopies.set(key, extra - 1);
  }
}
