import type { Endpoint } from '@penstock/cluster';
import type { FleetEndpoint } from '../application/fleet.js';
import type { EngineFigures, EngineModels } from './engine-probe.js';

const NONE: ReadonlySet<string> = new Set();

/** One engine: what the cluster says of it, what it said of itself, and whether it can be reached. */
export class KnownEngine implements FleetEndpoint {
  waiting = 0;
  running = 0;
  kvUsage = 0;
  kvCapacityTokens = 0;
  blockSize = 0;
  scrapedAtMs: number | undefined;
  servedModels: ReadonlySet<string> = NONE;
  adapters: ReadonlySet<string> = NONE;
  baseModel: string | undefined;
  unreachable = false;
  draining = false;

  constructor(private endpoint: Endpoint) {}

  get engineId(): string {
    return this.endpoint.engineId;
  }
  get address(): string {
    return this.endpoint.address;
  }
  get excluded(): string | undefined {
    if (this.endpoint.terminating) return 'terminating';
    if (!this.endpoint.ready) return 'not-ready';
    if (this.draining) return 'draining';
    return this.unreachable ? 'unreachable' : undefined;
  }

  /** True when the process behind the address is another one than before. */
  update(endpoint: Endpoint): boolean {
    const before = this.endpoint;
    this.endpoint = endpoint;
    const restarted =
      before.podUid !== endpoint.podUid ||
      before.address !== endpoint.address ||
      before.restartCount !== endpoint.restartCount;
    if (restarted) this.forget();
    return restarted;
  }

  scraped(figures: EngineFigures, atMs: number): void {
    Object.assign(this, figures);
    this.scrapedAtMs = atMs;
    this.unreachable = false;
  }

  said(models: EngineModels): void {
    this.servedModels = models.names;
    this.adapters = models.adapters;
    this.baseModel = models.baseModel;
  }

  private forget(): void {
    this.waiting = 0;
    this.running = 0;
    this.kvUsage = 0;
    this.scrapedAtMs = undefined;
    this.servedModels = NONE;
    this.adapters = NONE;
    this.baseModel = undefined;
    this.unreachable = false;
    this.draining = false;
  }
}
