import type { Endpoint, Pool } from '@penstock/cluster';
import type { EngineSync } from '@penstock/core/kv';
import type { EngineTarget } from './engine-target.js';
import type { KnownEngine } from './known-engine.js';
import type { ToldEngine } from './remote-engines.js';

export interface RemoteEngineSources {
  readonly told: (engineId: string) => ToldEngine | undefined;
  readonly sync: (engineId: string) => EngineSync | undefined;
  readonly ownerOf: (engineId: string) => string;
}

/** An engine that another replica follows, as far as it is known here. Everything is looked up when it is asked for. */
export class RemoteEngine implements KnownEngine {
  readonly engineId: string;
  readonly pool: Pool;
  readonly endpoint: Endpoint;

  constructor(
    private readonly target: EngineTarget,
    private readonly sources: RemoteEngineSources,
  ) {
    this.pool = target.pool;
    this.endpoint = target.endpoint;
    this.engineId = target.endpoint.engineId;
  }

  get model(): string {
    return this.told?.model || (this.target.identity?.model ?? '');
  }

  get blockSize(): number {
    return this.told?.blockSize || (this.target.identity?.blockSize ?? 0);
  }

  get incarnation(): number {
    return this.sync?.incarnation ?? this.told?.incarnation ?? 0;
  }

  get state(): string {
    const { sync } = this;
    if (!sync) return 'connecting';
    return sync.state === 'synced' ? 'live' : 'stale';
  }

  get publishesEvents(): boolean {
    return this.endpoint.kvEventsPort !== undefined || this.told?.publishesEvents === true;
  }

  /** Who follows it, or is to. */
  get replica(): string {
    const ingester = this.told?.ingester ?? '';
    return ingester.slice(ingester.indexOf('/') + 1) || this.sources.ownerOf(this.engineId);
  }

  private get told(): ToldEngine | undefined {
    return this.sources.told(this.engineId);
  }

  private get sync(): EngineSync | undefined {
    return this.sources.sync(this.engineId);
  }
}
