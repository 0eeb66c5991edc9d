import type { KeyList } from './types.js';

export interface SpeculativeBlocksOptions {
  /** How long a prompt that was sent to an engine counts as about to be there; 0 = never. */
  readonly ttlMs: number;
  /** Prompts remembered; the oldest make room. */
  readonly maxPrompts?: number;
  /** Blocks of all of them. */
  readonly maxBlocks?: number;
}

interface Sent {
  readonly engineId: string;
  readonly keys: BigUint64Array;
  readonly checks: Uint32Array | undefined;
  readonly untilMs: number;
}

/** Time between two looks for prompts that have arrived, and how many are looked at: no decision is to wait for all. */
const LOOK_MS = 10;
const PROMPTS_PER_LOOK = 64;

/**
 * Blocks that engines will hold soon because a prompt was just sent to them: what bridges the time until their events come,
 * in which requests with the same prefix would be scattered. Expectations, never facts: an entry is gone when its blocks are
 * known to be there, when the engine dropped everything, and at the latest after `ttlMs`.
 */
export class SpeculativeBlocks {
  /** By first key; a Set keeps the order in which its prompts were sent. */
  private readonly byFirst = new Map<bigint, Set<Sent>>();
  /** In the order in which they run out. */
  private readonly order = new Set<Sent>();
  private readonly maxPrompts: number;
  private readonly maxBlocks: number;
  private blockCount = 0;
  private lookedMs = Number.NEGATIVE_INFINITY;
  /** Where the next look goes on; iterators of a Set bear changes of it. */
  private toLookAt: Iterator<Sent> = [][Symbol.iterator]();

  constructor(private readonly options: SpeculativeBlocksOptions) {
    this.maxPrompts = options.maxPrompts ?? 4096;
    this.maxBlocks = options.maxBlocks ?? 1_048_576;
  }

  /** Prompts remembered. */
  get prompts(): number {
    return this.order.size;
  }

  /** Blocks of all of them. */
  get blocks(): number {
    return this.blockCount;
  }

  /** A prompt was sent to an engine; the keys must not change any more. */
  note(engineId: string, { keys, checks }: KeyList, nowMs: number): void {
    const { ttlMs } = this.options;
    const [first] = keys;
    if (first === undefined || ttlMs <= 0 || keys.length > this.maxBlocks) return;
    for (const sent of this.byFirst.get(first) ?? []) {
      // The longer prompt of the two says all that the other one does.
      if (sent.engineId === engineId && commonLength(sent.keys, keys) === sent.keys.length) this.drop(sent);
    }
    const sent = { engineId, keys, checks, untilMs: nowMs + ttlMs };
    const siblings = this.byFirst.get(first);
    if (siblings) siblings.add(sent);
    else this.byFirst.set(first, new Set([sent]));
    this.order.add(sent);
    this.blockCount += keys.length;
    for (const oldest of this.order) {
      if (this.order.size <= this.maxPrompts && this.blockCount <= this.maxBlocks) return;
      this.drop(oldest);
    }
  }

  /** Per engine: how many blocks of the prompt, from the first on, were sent there lately. Undefined when none were. */
  expected({ keys }: KeyList, nowMs: number): ReadonlyMap<string, number> | undefined {
    this.expire(nowMs);
    const candidates = keys.length === 0 ? undefined : this.byFirst.get(keys[0] as bigint);
    if (!candidates) return undefined;
    const longest = new Map<string, number>();
    for (const { engineId, keys: sent } of candidates) {
      const known = longest.get(engineId) ?? 0;
      if (sent.length <= known || sent[known] !== keys[known]) continue;
      longest.set(engineId, commonLength(sent, keys));
    }
    return longest;
  }

  /**
   * Drops prompts whose last block has arrived: looks at some of them now and then, at each in turn.
   *
   * @param holds whether the engine holds a block, as far as its events tell
   */
  confirm(holds: (engineId: string, block: KeyList) => boolean, nowMs: number): void {
    if (nowMs - this.lookedMs < LOOK_MS) return;
    this.lookedMs = nowMs;
    this.expire(nowMs);
    for (let looks = Math.min(this.order.size, PROMPTS_PER_LOOK); looks > 0; looks--) {
      const sent = this.nextToLookAt();
      if (!sent) return;
      const last = sent.keys.length - 1;
      const checks = sent.checks?.subarray(last);
      const block = { keys: sent.keys.subarray(last), ...(checks ? { checks } : {}) };
      if (holds(sent.engineId, block)) this.drop(sent);
    }
  }

  /** The engine dropped everything, is another one, or is gone. */
  dropEngine(engineId: string): void {
    for (const sent of this.order) if (sent.engineId === engineId) this.drop(sent);
  }

  /** The prompt after the one looked at last, the oldest after the newest. */
  private nextToLookAt(): Sent | undefined {
    let next = this.toLookAt.next();
    if (next.done) {
      this.toLookAt = this.order.values();
      next = this.toLookAt.next();
    }
    return next.done ? undefined : next.value;
  }

  private expire(nowMs: number): void {
    for (const sent of this.order) {
      if (sent.untilMs > nowMs) return;
      this.drop(sent);
    }
  }

  private drop(sent: Sent): void {
    this.order.delete(sent);
    this.blockCount -= sent.keys.length;
    const first = sent.keys[0] as bigint;
    const siblings = this.byFirst.get(first);
    siblings?.delete(sent);
    if (siblings?.size === 0) this.byFirst.delete(first);
  }
}

/** Leading keys that two prompts share. Keys are chained: where one is the same, all before it are. */
function commonLength(a: BigUint64Array, b: BigUint64Array): number {
  let same = 0;
  for (let differs = Math.min(a.length, b.length) + 1; same + 1 < differs; ) {
    const middle = (same + differs) >>> 1;
    if (a[middle - 1] === b[middle - 1]) same = middle;
    else differs = middle;
  }
  return same;
}
