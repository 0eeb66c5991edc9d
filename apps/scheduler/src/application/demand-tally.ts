/** Demand for one model of one pool over one interval. */
export interface Demand {
  readonly namespace: string;
  readonly pool: string;
  readonly model: string;
  requests: number;
  promptTokens: number;
  uncachedTokens: number;
  outputTokens: number;
  inFlight: number;
}

/** Adds up what clients asked for, per pool and target model, until it is taken. */
export class DemandTally {
  private readonly entries = new Map<string, Demand>();

  constructor(private readonly maxEntries = 1000) {}

  arrived(
    namespace: string,
    pool: string,
    model: string,
    promptTokens: number,
    uncachedTokens: number,
  ): void {
    const entry = this.entry(namespace, pool, model);
    if (!entry) return;
    entry.requests++;
    entry.inFlight++;
    entry.promptTokens += promptTokens;
    entry.uncachedTokens += uncachedTokens;
  }

  ended(namespace: string, pool: string, model: string, outputTokens: number): void {
    const entry = this.entry(namespace, pool, model);
    if (!entry) return;
    entry.inFlight = Math.max(0, entry.inFlight - 1);
    entry.outputTokens += outputTokens;
  }

  /** What came since the last call; models without any demand are left out and forgotten. */
  take(): Demand[] {
    const taken: Demand[] = [];
    for (const [id, entry] of this.entries) {
      if (entry.requests === 0 && entry.outputTokens === 0 && entry.inFlight === 0) this.entries.delete(id);
      else taken.push({ ...entry });
      Object.assign(entry, { requests: 0, promptTokens: 0, uncachedTokens: 0, outputTokens: 0 });
    }
    return taken;
  }

  private entry(namespace: string, pool: string, model: string): Demand | undefined {
    const id = `${namespace}/${pool}/${model}`;
    let entry = this.entries.get(id);
    if (!entry && this.entries.size < this.maxEntries) {
      entry = {
        namespace,
        pool,
        model,
        requests: 0,
        promptTokens: 0,
        uncachedTokens: 0,
        outputTokens: 0,
        inFlight: 0,
      };
      this.entries.set(id, entry);
    }
    return entry;
  }
}
