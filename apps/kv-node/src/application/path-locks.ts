/** One piece of work per path at a time, in the order it came. */
export class PathLocks {
  private readonly last = new Map<string, Promise<unknown>>();

  async run<T>(path: string, work: () => Promise<T>): Promise<T> {
    const before = this.last.get(path);
    const mine = (async () => {
      await before?.catch(() => {});
      return work();
    })();
    this.last.set(path, mine);
    try {
      return await mine;
    } finally {
      if (this.last.get(path) === mine) this.last.delete(path);
    }
  }

  /** Number of paths that something is being done with. */
  get held(): number {
    return this.last.size;
  }

  /** Whether something is being done with the path. */
  isHeld(path: string): boolean {
    return this.last.has(path);
  }
}
