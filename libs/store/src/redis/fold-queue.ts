/** Runs the foldings of engines' logs a few at a time, in the order in which they were asked for. */
export class FoldQueue {
  private readonly waiting = new Map<string, () => Promise<boolean>>();
  private readonly running = new Map<string, Promise<void>>();

  /** `most` at once: each reads a whole engine, and most of its time it waits for Redis. */
  constructor(private readonly most: number) {}

  /**
   * Runs `fold` unless one of this engine runs or waits already. It does not reject; false: Redis is in trouble, and what
   * waits is dropped, as its engines ask again with their next deltas.
   */
  add(engine: string, fold: () => Promise<boolean>): void {
    if (this.running.has(engine) || this.waiting.has(engine)) return;
    this.waiting.set(engine, fold);
    this.startNext();
  }

  /** Drops what waits; resolves when what runs has ended. */
  async close(): Promise<void> {
    this.waiting.clear();
    await Promise.all(this.running.values());
  }

  private startNext(): void {
    if (this.running.size >= this.most) return;
    for (const [engine, fold] of this.waiting) {
      this.waiting.delete(engine);
      const done = fold().then((isDone) => {
        this.running.delete(engine);
        if (isDone) this.startNext();
        else this.waiting.clear();
      });
      this.running.set(engine, done);
      return;
    }
  }
}
