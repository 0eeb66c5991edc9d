import type { BlockStore } from '@penstock/core/ports';
import { blocksAsText } from '@penstock/testing';
import { EngineWriter } from './engine-writer.js';

const TICK_MS = 20;
const DEADLINE_MS = 20_000;

/** Engines that are written all the time, and a look at whether the store has what they hold. */
export class WrittenFleet {
  readonly engines: readonly EngineWriter[];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: BlockStore,
    count: number,
    most?: number,
  ) {
    this.engines = Array.from({ length: count }, (_, i) => new EngineWriter(store, `ns/e${i}`, i, 1, most));
  }

  /** A delta of every engine, 50 times a second. */
  start(): void {
    this.tick();
    this.timer = setInterval(() => this.tick(), TICK_MS).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  tick(): void {
    for (const engine of this.engines) void engine.turnOver(3);
  }

  /** Errors of all writes, by text. */
  errors(): string {
    return [...new Set(this.engines.flatMap(({ errors }) => [...errors.keys()]))].join('\n');
  }

  /** Resolves with the ms that it took until a whole round of writes was taken by the store. */
  async untilWritten(): Promise<number> {
    const startedMs = performance.now();
    for (;;) {
      if (this.engines.every(({ needsAll, busy }) => !needsAll && !busy))
        return performance.now() - startedMs;
      if (performance.now() - startedMs > DEADLINE_MS)
        throw new Error(`still not written:\n${this.errors()}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /**
   * Stops the writing, writes what is left, and compares every engine, read by `reader`, with what its writer holds.
   * Resolves with the ms that it took; throws what differs.
   */
  async converge(reader: BlockStore = this.store): Promise<number> {
    const startedMs = performance.now();
    this.stop();
    for (;;) {
      const late = this.engines.filter(({ needsAll, busy }) => needsAll && !busy);
      await Promise.all(late.map((engine) => engine.writeAll()));
      const difference = await this.difference(reader).catch((error: Error) => error.message);
      if (difference === undefined) return performance.now() - startedMs;
      if (performance.now() - startedMs > DEADLINE_MS)
        throw new Error(`no convergence: ${difference}\n${this.errors()}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      // What the store lost without a word is found by the next delta.
      this.tick();
      await this.idle();
    }
  }

  private async idle(): Promise<void> {
    while (this.engines.some(({ busy }) => busy)) await new Promise((resolve) => setTimeout(resolve, 2));
  }

  private async difference(reader: BlockStore): Promise<string | undefined> {
    await this.idle();
    const missing = new Map(this.engines.map((engine) => [engine.engineId, engine]));
    for await (const stored of reader.loadPool('ns', 'pool')) {
      const engine = missing.get(stored.engineId);
      const expected = [...(engine?.held ?? [])]
        .map(([hash, [key, check]]) => `gpu ${hash}=${key}/${check}`)
        .sort();
      if (blocksAsText(stored).join() !== expected.join()) return `${stored.engineId} differs`;
      missing.delete(stored.engineId);
    }
    return missing.size === 0 ? undefined : `${missing.size} engines are missing`;
  }
}
