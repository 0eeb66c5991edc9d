import type { Cluster } from '@penstock/core/ports';
import type { Logger } from 'pino';
import type { NodeDirectory } from './application/find-nodes.js';
import { OffloadTerm, type TermOptions } from './application/offload-term.js';
import type { Leadership } from './leadership.js';
import type { KvOffloadMetrics } from './metrics.js';

export interface RunParts {
  readonly cluster: Cluster;
  readonly logger: Logger;
  readonly metrics: KvOffloadMetrics;
  readonly directory: NodeDirectory;
  readonly leadership: Leadership;
  readonly term: Omit<TermOptions, 'onRival' | 'incarnation'>;
}

export interface RunSettings {
  readonly planIntervalMs: number;
  readonly leaseNamespace: string;
  readonly leaseName: string;
  readonly leaseDurationMs: number;
  readonly identity: string;
}

const PROBE_MS = 1_000;

/**
 * The clockwork. A term begins with the Lease. It ends when the Lease is lost, but not while Kubernetes itself is away: then
 * nobody else can lead, unless from beyond a split, and who hears of another leader gives way.
 */
export class OffloadRun {
  private timer: NodeJS.Timeout | undefined;
  private probing = false;
  private lastProbeMs = Number.NEGATIVE_INFINITY;
  private ending: Promise<void> = Promise.resolve();
  private stopping = false;
  /** Of our last term. */
  private lastIncarnation = 0;

  constructor(
    private readonly parts: RunParts,
    private readonly settings: RunSettings,
  ) {}

  start(): void {
    const { cluster, logger, leadership } = this.parts;
    const { planIntervalMs, leaseNamespace, leaseName, leaseDurationMs, identity } = this.settings;
    leadership.lease = cluster.lease({
      namespace: leaseNamespace,
      name: leaseName,
      identity,
      durationMs: leaseDurationMs,
      onAcquired: () => logger.info('leading'),
      onLost: () => logger.info('the Lease is not held any more'),
    });
    this.timer = setInterval(() => this.tick(), planIntervalMs);
  }

  tick(): void {
    const { leadership, logger, metrics } = this.parts;
    if (this.stopping) return;
    try {
      if (leadership.lease?.held) this.begin();
      else if (leadership.term) this.reconsider();
      metrics.leading.set(leadership.term ? 1 : 0);
      leadership.term?.tick();
    } catch (error) {
      logger.error({ err: error }, 'a round of planning failed');
    }
  }

  /** Gives the lease back last, when nothing more is asked of anybody. */
  async stop(): Promise<void> {
    this.stopping = true;
    clearInterval(this.timer);
    this.end('stopping');
    await this.ending;
    await this.parts.leadership.lease?.release();
    await this.parts.directory.stop();
  }

  private begin(): void {
    const { leadership, term } = this.parts;
    if (leadership.term) return;
    const onRival = (source: string): boolean => {
      if (leadership.lease?.held) return true;
      this.end(`${source} leads`);
      return false;
    };
    const incarnation = Math.max(term.clock.nowMs(), this.lastIncarnation + 1);
    leadership.term = new OffloadTerm({ ...term, onRival, incarnation });
    leadership.term.start();
  }

  /** We decide without holding the Lease: only while nobody can be asked who does. */
  private reconsider(): void {
    const { cluster, leadership } = this.parts;
    const nowMs = performance.now();
    if (this.probing || nowMs - this.lastProbeMs < PROBE_MS) return;
    this.probing = true;
    this.lastProbeMs = nowMs;
    cluster
      .probe()
      .then(
        () => {
          if (!leadership.lease?.held) this.end('the Lease is not ours');
        },
        () => {},
      )
      .finally(() => {
        this.probing = false;
      });
  }

  private end(why: string): void {
    const { leadership, logger, metrics } = this.parts;
    const { term } = leadership;
    if (!term) return;
    leadership.term = undefined;
    this.lastIncarnation = term.incarnation;
    metrics.leading.set(0);
    logger.info({ reason: why }, 'no longer deciding');
    this.ending = this.ending.then(() => term.stop());
  }
}
