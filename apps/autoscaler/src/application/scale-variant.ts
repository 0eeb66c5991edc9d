import { endpointsOf } from '@penstock/cluster';
import {
  DRAINING_ANNOTATION,
  type EventData,
  POD_DELETION_COST_ANNOTATION,
  podKind,
} from '@penstock/contracts';
import {
  type Clock,
  type Cluster,
  ClusterError,
  type ClusterObject,
  type EventBus,
} from '@penstock/core/ports';
import type { Logger } from 'pino';
import type { AutoscalerMetrics } from '../metrics.js';
import type { DrainSettings } from './drain-progress.js';
import { DRAINED_COST } from './drained-cost.js';
import type { Evaluation, VariantSituation } from './evaluate-pools.js';
import { planAction } from './plan-action.js';
import type { IsLeaving, ReplicaView } from './replica-view.js';

/** A pod that was to be removed and is still there after this long serves again: another one was removed. */
const LEAVING_MS = 30_000;

export interface VariantScalerOptions {
  readonly cluster: Cluster;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: AutoscalerMetrics;
  readonly drain: DrainSettings;
  /** Asked before every write. */
  readonly mayWrite: () => boolean;
}

/** Turns recommendations into writes. One variant at a time is written once; what failed is tried at the next one. */
export class VariantScaler {
  private readonly running = new Set<string>();
  /** By variant: what the last write was refused for. */
  private readonly failures = new Map<string, string>();
  /** By uid of the pod: the number of replicas that was written for its removal, and when. */
  private readonly removals = new Map<string, { readonly atMs: number; readonly replicas: number }>();

  constructor(private readonly options: VariantScalerOptions) {}

  /** Whether `spec.replicas`, as it is seen now, is without this pod already. */
  readonly isLeaving: IsLeaving = (uid, specReplicas) => {
    const removal = this.removals.get(uid);
    return removal !== undefined && specReplicas <= removal.replicas;
  };

  /** Why the target was not written, in words; undefined while all is well. */
  failure(key: string): string | undefined {
    return this.failures.get(key);
  }

  /**
   * Does what the recommendation asks for now.
   * @param heldSinceMs when the request was reported for which this is done at once
   */
  async act({ situation, decision }: Evaluation, heldSinceMs?: number): Promise<void> {
    const { key, ownedByHpa } = situation.variant;
    if (ownedByHpa !== undefined || this.running.has(key) || !this.options.mayWrite()) return;
    const plan = planAction(situation.variant.target, situation.replicas, decision, this.options.drain);
    this.running.add(key);
    try {
      for (const view of plan.undrain) await this.undrain(situation, view);
      for (const view of plan.drain) await this.drain(situation, view, decision.reason);
      if (plan.scaleTo !== undefined) {
        const written = await this.scale(situation, plan.scaleTo, decision.reason);
        if (written) for (const view of plan.removed) this.remember(view, plan.scaleTo);
        if (written && heldSinceMs !== undefined && decision.code === 'wake') {
          this.options.metrics.observeWake(this.options.clock.nowMs() - heldSinceMs);
        }
      }
      await this.takeBackLeftovers(situation);
      this.failures.delete(key);
    } catch (error) {
      this.failed(key, error);
    } finally {
      this.running.delete(key);
    }
  }

  /** @returns false when the target changed since it was seen: the next recommendation knows better */
  private async scale({ variant }: VariantSituation, replicas: number, why: string): Promise<boolean> {
    const { cluster, logger, mayWrite } = this.options;
    const { kind, namespace, name, specReplicas } = variant.target;
    const scale = await cluster.readScale(kind, namespace, name);
    if (scale?.replicas !== specReplicas || !mayWrite()) return false;
    const { resourceVersion } = scale;
    await this.counted('scale', () =>
      cluster.writeScale(kind, namespace, name, replicas, { resourceVersion }),
    );
    const message = `${kind.kind} ${name}: spec.replicas ${specReplicas} → ${replicas}; ${why}`;
    logger.info({ namespace, kind: kind.kind, resource: name, reason: why, count: replicas }, 'scaled');
    const reason = replicas > specReplicas ? 'ScaledUp' : 'ScaledDown';
    cluster.recordEvent({ regarding: variant.object as ClusterObject, type: 'Normal', reason, message });
    return true;
  }

  private async drain(situation: VariantSituation, view: ReplicaView, why: string): Promise<void> {
    const { clock, drain, cluster, logger } = this.options;
    const deadline = new Date(clock.nowMs() + drain.timeoutMs).toISOString();
    const written = await this.annotate(view, 'drain', {
      [DRAINING_ANNOTATION]: deadline,
      [POD_DELETION_COST_ANNOTATION]: DRAINED_COST,
    });
    if (!written) return;
    this.announce(situation, view, why);
    const { object, key } = situation.variant;
    const pods = view.replica.pods.join(', ');
    logger.info({ resource: key, pod: pods, reason: why }, 'draining');
    const message = `${pods}: no more requests; removed when idle, at ${deadline} at the latest; ${why}`;
    cluster.recordEvent({ regarding: object as ClusterObject, type: 'Normal', reason: 'Draining', message });
  }

  private async undrain({ variant }: VariantSituation, view: ReplicaView): Promise<void> {
    const { cluster, logger } = this.options;
    const written = await this.annotate(view, 'undrain', {
      [DRAINING_ANNOTATION]: null,
      [POD_DELETION_COST_ANNOTATION]: null,
    });
    if (!written) return;
    for (const { metadata } of view.pods) this.removals.delete(metadata.uid ?? '');
    const pods = view.replica.pods.join(', ');
    logger.info({ resource: variant.key, pod: pods }, 'drain cancelled');
    const message = `${pods} serve again`;
    const regarding = variant.object as ClusterObject;
    cluster.recordEvent({ regarding, type: 'Normal', reason: 'DrainCancelled', message });
  }

  /** @returns false when this replica no longer leads: another one decides what becomes of the pods */
  private async annotate(
    { pods }: ReplicaView,
    what: 'drain' | 'undrain',
    annotations: Readonly<Record<string, string | null>>,
  ): Promise<boolean> {
    const { cluster, mayWrite } = this.options;
    for (const { metadata } of pods) {
      if (!mayWrite()) return false;
      const { namespace, name, uid } = metadata;
      // With the uid: a pod of the same name that was made since is another one.
      const patch = { metadata: { uid, annotations } };
      await this.counted(what, () => cluster.mergePatch(podKind, namespace, name, patch)).catch(
        (error: unknown) => {
          if (!(error instanceof ClusterError) || error.reason !== 'not-found') throw error;
        },
      );
    }
    return true;
  }

  private async counted(what: 'scale' | 'drain' | 'undrain', write: () => Promise<unknown>): Promise<void> {
    const { metrics } = this.options;
    try {
      await write();
      metrics.countWrite(what, 'ok');
    } catch (error) {
      metrics.countWrite(what, error instanceof ClusterError ? error.reason : 'error');
      throw error;
    }
  }

  private announce({ variant }: VariantSituation, { pods }: ReplicaView, why: string): void {
    const { bus, drain } = this.options;
    const { namespace, name } = variant.pool;
    for (const { engineId, pod, address } of endpointsOf(variant.pool, pods)) {
      const data: EventData<'engine.draining'> = {
        engine: engineId,
        ...{ pod, address, role: variant.role, deadlineMs: drain.timeoutMs, reason: why.slice(0, 512) },
      };
      bus.publish({ type: 'engine.draining', namespace, pool: name, key: engineId, data });
    }
  }

  private remember({ pods }: ReplicaView, replicas: number): void {
    const atMs = this.options.clock.nowMs();
    for (const { metadata } of pods) this.removals.set(metadata.uid ?? '', { atMs, replicas });
  }

  /** The controller of the target may have removed another replica than the one that was drained. */
  private async takeBackLeftovers(situation: VariantSituation): Promise<void> {
    const { target } = situation.variant;
    const nowMs = this.options.clock.nowMs();
    if (situation.replicas.length > target.specReplicas) return;
    for (const view of situation.replicas) {
      const removal = this.removals.get(view.pods[0]?.metadata.uid ?? '');
      if (removal && nowMs - removal.atMs > LEAVING_MS) await this.undrain(situation, view);
    }
  }

  /** Forgets pods that are gone. */
  forget(alive: ReadonlySet<string>): void {
    for (const uid of this.removals.keys()) if (!alive.has(uid)) this.removals.delete(uid);
  }

  private failed(key: string, error: unknown): void {
    const { logger } = this.options;
    const reason = error instanceof ClusterError ? error.reason : 'error';
    const message = error instanceof Error ? error.message : String(error);
    // A conflict only means that somebody was quicker: the next recommendation starts from what they wrote.
    if (reason !== 'conflict') this.failures.set(key, message);
    logger[reason === 'conflict' ? 'debug' : 'warn']({ resource: key, reason, message }, 'not scaled');
  }
}
