/** Demand for one target model of one pool over one interval. */
export interface Demand {
  readonly namespace: string;
  readonly pool: string;
  /** As sent to engines: the base model or an adapter. */
  readonly model: string;
  requests: number;
  promptTokens: number;
  uncachedTokens: number;
  outputTokens: number;
  inFlight: number;
}

/** Adds up what clients asked for, per pool and target model, until it is taken. */
export class DemandTally {
  /** By pool id, then by model. */
  private readonly pools = new Map<string, Map<string, Demand>>();
  private size = 0;

  /** @param onDrop called for demand that finds no entry because there are too many */
  constructor(
    private readonly maxEntries = 1000,
    private readonly onDrop: () => void = () => {},
  ) {}

  /** A request came, whether or not there is an engine for it. */
  arrived(
    namespace: string,
    pool: string,
    model: string,
    promptTokens: number,
    uncachedTokens: number,
  ): void {
    const entry = this.entry(namespace, pool, model);
    if (!entry) {
      this.onDrop();
      return;
    }
    entry.requests++;
    entry.promptTokens += promptTokens;
    entry.uncachedTokens += uncachedTokens;
  }

  /** It went to an engine. */
  sent(namespace: string, pool: string, model: string): void {
    const entry = this.entry(namespace, pool, model);
    if (entry) entry.inFlight++;
  }

  /** It came back from there for good. */
  ended(namespace: string, pool: string, model: string, outputTokens: number): void {
    const entry = this.entry(namespace, pool, model);
    if (!entry) return;
    entry.inFlight = Math.max(0, entry.inFlight - 1);
    entry.outputTokens += outputTokens;
  }

  /** Pools with entries. */
  *poolIds(): IterableIterator<readonly [namespace: string, pool: string]> {
    for (const models of this.pools.values()) {
      const [first] = models.values();
      if (first) yield [first.namespace, first.pool];
    }
  }

  /** What came for a pool since the last call; models without any demand are left out and forgotten. */
  take(namespace: string, pool: string): Demand[] {
    const id = `${namespace}/${pool}`;
    const models = this.pools.get(id);
    if (!models) return [];
    const taken: Demand[] = [];
    for (const [model, entry] of models) {
      if (entry.requests === 0 && entry.outputTokens === 0 && entry.inFlight === 0) {
        models.delete(model);
        this.size--;
      } else taken.push({ ...entry });
      Object.assign(entry, { requests: 0, promptTokens: 0, uncachedTokens: 0, outputTokens: 0 });
    }
    if (models.size === 0) this.pools.delete(id);
    return taken;
  }

  private entry(namespace: string, pool: string, model: string): Demand | undefined {
    const id = `${namespace}/${pool}`;
    let models = this.pools.get(id);
    let entry = models?.get(model);
    if (entry || this.size >= this.maxEntries) return entry;
    if (!models) {
      models = new Map();
      this.pools.set(id, models);
    }
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
    models.set(model, entry);
    this.size++;
    return entry;
  }
}
