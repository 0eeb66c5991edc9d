import type { EngineFacts, PoolDemand, PoolInput, Variant } from './index.js';

/** Test part: a pool whose engines share a load evenly, in virtual time. */
export class SimulatedPool {
  nowMs = 1_000_000;
  /** Per variant: when each replica becomes ready. */
  private readonly readyAtMs = new Map<string, number[]>();

  constructor(
    private readonly options: {
      readonly variants: ReadonlyArray<
        Omit<Variant, 'specReplicas' | 'replicas'> & { readonly kvTokens: number }
      >;
      readonly startMs: number;
      readonly requestTokens: number;
    },
    start: Readonly<Record<string, number>> = {},
  ) {
    for (const { key } of options.variants) {
      this.readyAtMs.set(
        key,
        Array.from({ length: start[key] ?? 0 }, () => 0),
      );
    }
  }

  scale(key: string, replicas: number): void {
    const known = this.readyAtMs.get(key) ?? [];
    const kept = known.sort((a, b) => a - b).slice(0, replicas);
    while (kept.length < replicas) kept.push(this.nowMs + this.options.startMs);
    this.readyAtMs.set(key, kept);
  }

  replicas(key: string): number {
    return this.readyAtMs.get(key)?.length ?? 0;
  }

  /** @param tokens KV tokens that all requests together want to occupy */
  input(tokens: number, over: Partial<PoolDemand> = {}): PoolInput {
    const { requestTokens } = this.options;
    const engines: EngineFacts[] = [];
    const variants = this.options.variants.map(({ kvTokens, ...variant }): Variant => {
      const replicas = (this.readyAtMs.get(variant.key) ?? []).map((readyAtMs, index) => {
        const pod = `${variant.key}-${index}`;
        const ready = readyAtMs <= this.nowMs;
        if (ready) engines.push({ ...IDLE, engine: pod, role: variant.role, kvCapacityTokens: kvTokens });
        return { pods: [pod], ready, draining: false };
      });
      return { ...variant, specReplicas: replicas.length, replicas };
    });
    const room = engines.reduce((sum, engine) => sum + engine.kvCapacityTokens, 0);
    const queued = Math.floor(Math.max(0, tokens - room) / requestTokens);
    const loaded = engines.map((engine, index) => {
      const waiting = Math.floor(queued / engines.length) + (index < queued % engines.length ? 1 : 0);
      const kvUsage = Math.min(1, tokens / room);
      return {
        ...engine,
        kvUsage,
        waiting,
        running: Math.ceil((kvUsage * engine.kvCapacityTokens) / requestTokens),
      };
    });
    const asked = Math.ceil(tokens / requestTokens);
    const held = engines.length === 0 ? asked : 0;
    const demand: PoolDemand = {
      schedulers: 1,
      reportAgeMs: 100,
      requests: 0,
      requestsPerSecond: 0,
      inFlight: asked,
      held,
      heldTokens: held * requestTokens,
      meanInputTokens: requestTokens,
      meanOutputTokens: 0,
      idleForMs: 0,
      engines: loaded,
      dropped: {},
      ...over,
    };
    return { nowMs: this.nowMs, demand, variants };
  }
}

const IDLE: EngineFacts = {
  engine: '',
  role: 'both',
  ready: true,
  waiting: 0,
  running: 0,
  kvUsage: 0,
  kvCapacityTokens: 0,
  ageMs: 50,
};
