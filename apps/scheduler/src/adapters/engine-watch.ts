import type { Clock } from '@penstock/core/ports';
import type { LoadLedger } from '@penstock/core/routing';
import type { EngineProbe } from './engine-probe.js';
import type { KnownEngine } from './known-engine.js';

export interface EngineWatchOptions {
  readonly probe: EngineProbe;
  readonly ledger: LoadLedger;
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly onFailure?: (engine: KnownEngine, what: 'metrics' | 'models', error: unknown) => void;
}

/** An engine that answered once is asked for its models again after this time: adapters come and go. */
const MODELS_INTERVAL_MS = 30_000;

/** Reads the load of every engine once per interval, each at its own moment so that they do not come in bursts. */
export class EngineWatch {
  private readonly timers = new Map<KnownEngine, NodeJS.Timeout>();

  constructor(private readonly options: EngineWatchOptions) {}

  get engines(): IterableIterator<KnownEngine> {
    return this.timers.keys();
  }

  follow(engine: KnownEngine): void {
    if (this.timers.has(engine)) return;
    this.schedule(engine, 0, Number.NEGATIVE_INFINITY);
  }

  unfollow(engine: KnownEngine): void {
    clearTimeout(this.timers.get(engine));
    this.timers.delete(engine);
  }

  stop(): void {
    for (const engine of [...this.timers.keys()]) this.unfollow(engine);
  }

  private schedule(engine: KnownEngine, delayMs: number, modelsAtMs: number): void {
    const timer = setTimeout(() => {
      void this.ask(engine, modelsAtMs).then((askedMs) => {
        if (this.timers.get(engine) !== timer) return;
        // A first wait of random length spreads engines that appeared together.
        const wait = this.options.intervalMs * (delayMs === 0 ? 0.5 + Math.random() / 2 : 1);
        this.schedule(engine, Math.max(1, wait), askedMs);
      });
    }, delayMs);
    timer.unref();
    this.timers.set(engine, timer);
  }

  /** Returns when the models were last asked for. */
  private async ask(engine: KnownEngine, modelsAtMs: number): Promise<number> {
    const { probe, ledger, clock, onFailure } = this.options;
    const startedAtMs = clock.nowMs();
    const { address } = engine;
    try {
      const figures = await probe.scrape(address);
      if (engine.address !== address) return modelsAtMs;
      engine.scraped(figures, startedAtMs);
      ledger.scraped(address, startedAtMs);
    } catch (error) {
      if (isRefused(error)) engine.unreachable = true;
      onFailure?.(engine, 'metrics', error);
    }
    if (engine.servedModels.size > 0 && startedAtMs - modelsAtMs < MODELS_INTERVAL_MS) return modelsAtMs;
    try {
      const models = await probe.models(address);
      if (engine.address !== address) return modelsAtMs;
      engine.said(models);
    } catch (error) {
      onFailure?.(engine, 'models', error);
    }
    if (engine.address === address) engine.asked = true;
    return startedAtMs;
  }
}

/** Nothing listens there: the engine is gone, whatever the cluster still says. */
function isRefused(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    if ('code' in each && /^E(CONNREFUSED|HOSTUNREACH|NETUNREACH)$/.test(String(each.code))) return true;
  }
  return false;
}
