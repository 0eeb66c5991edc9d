import type { Endpoint } from '@penstock/cluster';
import { ROLE_LABEL } from '@penstock/contracts';
import { type EngineRole, engineRole } from '../application/engine-role.js';
import type { FleetEndpoint } from '../application/fleet.js';
import type { EngineFigures, EngineModels } from './engine-probe.js';

const NONE: ReadonlySet<string> = new Set();

/** How long an `engine.draining` event counts by itself: the annotation that its publisher has set is what lasts. */
const NOTICE_MS = 30_000;

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
  /** Whether it was asked about itself since it started, with whatever result. */
  asked = false;
  role: EngineRole;
  lives = 0;
  private noticedAtMs: number | undefined;

  constructor(private endpoint: Endpoint) {
    this.role = engineRole(endpoint.labels[ROLE_LABEL]);
  }

  get engineId(): string {
    return this.endpoint.engineId;
  }
  get address(): string {
    return this.endpoint.address;
  }
  get node(): string | undefined {
    return this.endpoint.nodeName;
  }
  get excluded(): string | undefined {
    if (this.endpoint.terminating) return 'terminating';
    if (!this.endpoint.ready) return 'not-ready';
    if (this.role === 'prefill') return 'prefill-only';
    if (this.unreachable) return 'unreachable';
    return this.draining ? 'draining' : undefined;
  }
  get answers(): boolean {
    return this.endpoint.ready && this.asked && !this.unreachable;
  }
  private get draining(): boolean {
    if (this.endpoint.draining) return true;
    return this.noticedAtMs !== undefined && performance.now() - this.noticedAtMs < NOTICE_MS;
  }

  /** True when the process behind the address is another one than before. */
  update(endpoint: Endpoint): boolean {
    const before = this.endpoint;
    this.endpoint = endpoint;
    this.role = engineRole(endpoint.labels[ROLE_LABEL]);
    // The annotation went away: the engine is to stay, whatever was announced before.
    if (before.draining && !endpoint.draining) this.noticedAtMs = undefined;
    const restarted =
      before.podUid !== endpoint.podUid ||
      before.address !== endpoint.address ||
      before.restartCount !== endpoint.restartCount;
    if (restarted) this.forget();
    return restarted;
  }

  /** Its drain was announced. */
  noticeDraining(): void {
    this.noticedAtMs = performance.now();
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
    this.lives++;
    this.waiting = 0;
    this.running = 0;
    this.kvUsage = 0;
    this.scrapedAtMs = undefined;
    this.servedModels = NONE;
    this.adapters = NONE;
    this.baseModel = undefined;
    this.unreachable = false;
    this.asked = false;
    this.noticedAtMs = undefined;
  }
}
