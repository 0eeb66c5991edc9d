import type { Cluster } from '@penstock/core/ports';
import type { Logger } from 'pino';
import type { AbandonedDrains } from './application/abandoned-drains.js';
import { acceleratorOf } from './application/accelerator-of.js';
import type { DecisionAnnouncer } from './application/announce-decision.js';
import type { Evaluation, PoolEvaluator } from './application/evaluate-pools.js';
import type { DemandFeed } from './application/follow-demand.js';
import { observeVariants } from './application/observe-variants.js';
import type { RecommendationBoard } from './application/recommendation-board.js';
import type { StatusReporter } from './application/report-status.js';
import type { VariantScaler } from './application/scale-variant.js';
import type { ObjectWatch } from './application/watch-objects.js';
import type { PodWatch } from './application/watch-pods.js';
import type { Leadership } from './leadership.js';
import type { AutoscalerMetrics, VariantSample } from './metrics.js';

export interface RunParts {
  readonly cluster: Cluster;
  readonly logger: Logger;
  readonly metrics: AutoscalerMetrics;
  readonly objects: ObjectWatch;
  readonly pods: PodWatch;
  readonly demand: DemandFeed;
  readonly evaluator: PoolEvaluator;
  readonly board: RecommendationBoard;
  readonly scaler: VariantScaler;
  readonly abandoned: AbandonedDrains;
  readonly status: StatusReporter;
  readonly announcer: DecisionAnnouncer;
  readonly leadership: Leadership;
}

export interface RunSettings {
  readonly intervalMs: number;
  readonly leaseNamespace: string;
  readonly leaseName: string;
  readonly leaseDurationMs: number;
  readonly identity: string;
}

/** The clockwork: decides every interval, and at once when a request waits for a pool that sleeps. */
export class AutoscalerRun {
  private timer: NodeJS.Timeout | undefined;
  private stopping = false;
  /** Writes that are under way. */
  private readonly pending = new Set<Promise<void>>();

  constructor(
    private readonly parts: RunParts,
    private readonly settings: RunSettings,
  ) {}

  start(): void {
    const { cluster, logger, leadership, demand } = this.parts;
    const { intervalMs, leaseNamespace, leaseName, leaseDurationMs, identity } = this.settings;
    leadership.lease = cluster.lease({
      namespace: leaseNamespace,
      name: leaseName,
      identity,
      durationMs: leaseDurationMs,
      onAcquired: () => logger.info('leading'),
      onLost: () => logger.info('no longer leading'),
    });
    demand.start().catch((error: unknown) => logger.error({ err: error }, 'demand cannot be followed'));
    this.timer = setInterval(() => this.tick(), intervalMs);
  }

  /** Decides for all pools and does what can be done now. */
  tick(): void {
    const { objects, logger } = this.parts;
    if (this.stopping || objects.unsynced().length > 0) return;
    try {
      this.decideAll();
    } catch (error) {
      logger.error({ err: error }, 'replicas could not be decided');
    }
  }

  /** A request waits for this pool: if nothing is on its way there, something must be now. */
  wake(namespace: string, pool: string, receivedAtMs: number): void {
    const { objects, pods, scaler, evaluator, board, leadership, logger } = this.parts;
    if (this.stopping || !leadership.isLeading || objects.unsynced().length > 0) return;
    try {
      const { situations } = observeVariants(objects, pods, scaler.isLeaving);
      const own = situations.filter(({ variant }) => {
        return variant.pool.namespace === namespace && variant.pool.name === pool;
      });
      if (own.length === 0) return;
      const evaluations = evaluator.evaluate(own);
      board.update(evaluations);
      for (const each of evaluations) this.act(each, receivedAtMs);
    } catch (error) {
      logger.error({ err: error, namespace, pool }, 'a pool could not be woken');
    }
  }

  /** Resolves when nothing is written any more; gives the lease back last. */
  async stop(): Promise<void> {
    this.stopping = true;
    clearInterval(this.timer);
    await this.parts.demand.stop();
    await Promise.all(this.pending);
    await this.parts.leadership.lease?.release();
    await this.parts.pods.stop();
    await this.parts.objects.stop();
  }

  private decideAll(): void {
    const { objects, pods, evaluator, board, scaler, status, announcer, metrics } = this.parts;
    const { abandoned, demand, leadership } = this.parts;
    const startMs = performance.now();
    const seen = observeVariants(objects, pods, scaler.isLeaving);
    const { situations, problems, waiting, podUids } = seen;
    const evaluations = evaluator.evaluate(situations);
    evaluator.keepOnly(situations);
    metrics.observeDecision(performance.now() - startMs);
    board.show(evaluations, problems, waiting);
    scaler.forget(podUids);
    announcer.keepOnly(new Set(evaluations.map(({ decision }) => decision.key)));
    metrics.leading.set(leadership.isLeading ? 1 : 0);
    metrics.showDropped(demand.window.dropped);
    metrics.show(
      evaluations.map(sampleOf),
      problems.map(({ reason }) => reason),
    );
    if (!leadership.isLeading) {
      abandoned.rest();
      return;
    }
    for (const each of evaluations) this.act(each);
    for (const each of problems) this.track(status.problem(each));
    this.track(abandoned.end(seen.targets, objects.pools));
  }

  private act(evaluation: Evaluation, heldSinceMs?: number): void {
    const { scaler, status, announcer } = this.parts;
    announcer.tell(evaluation);
    this.track(
      scaler
        .act(evaluation, heldSinceMs)
        .then(() => status.decided(evaluation, scaler.failure(evaluation.decision.key))),
    );
  }

  private track(work: Promise<void>): void {
    const { logger } = this.parts;
    const tracked = work.catch((error: unknown) => logger.error({ err: error }, 'a write failed'));
    this.pending.add(tracked);
    void tracked.finally(() => this.pending.delete(tracked));
  }
}

function sampleOf({ situation, decision }: Evaluation): VariantSample {
  const { object, target } = situation.variant;
  const { name, namespace = 'default' } = object.metadata;
  return {
    name,
    namespace,
    accelerator: acceleratorOf(object),
    current: target.specReplicas,
    desired: decision.desired,
    code: decision.code,
    draining: decision.figures.draining,
  };
}
