import { matchesLabels, type Pool } from '@penstock/cluster';
import { DRAINING_ANNOTATION, POD_DELETION_COST_ANNOTATION, type Pod, podKind } from '@penstock/contracts';
import { type Cluster, ClusterError } from '@penstock/core/ports';
import type { Logger } from 'pino';
import type { AutoscalerMetrics } from '../metrics.js';
import { DRAINED_COST } from './drained-cost.js';
import { type Target, targetKey } from './target.js';

export interface AbandonedDrainsOptions {
  readonly cluster: Cluster;
  readonly logger: Logger;
  readonly metrics: AutoscalerMetrics;
  /** Asked before every write. */
  readonly mayWrite: () => boolean;
}

/** Where pods may be that nobody drains any more. */
interface Place {
  readonly namespace: string;
  readonly selector: Readonly<Record<string, string>>;
}

/**
 * Ends drains that nobody goes on with: the variant was deleted, became invalid or its target got a
 * HorizontalPodAutoscaler, maybe while no autoscaler ran. Their pods would be ready and never get a request again.
 */
export class AbandonedDrains {
  /** Targets that are scaled here, by key; undefined before the first look of a term. */
  private scaled: ReadonlyMap<string, Target> | undefined;
  private readonly due = new Map<string, Place>();
  private running = false;

  constructor(private readonly options: AbandonedDrainsOptions) {}

  /** This replica does not lead: what happens meanwhile is looked at when it does. */
  rest(): void {
    this.scaled = undefined;
    this.due.clear();
  }

  /**
   * Looks at the pods of targets that are no longer scaled here; at the beginning of a term at those of all pools.
   * What fails is tried at the next call.
   */
  async end(targets: readonly Target[], pools: readonly Pool[]): Promise<void> {
    const scaled = new Map(targets.map((target) => [targetKey(target), target]));
    const lost = this.scaled && [...this.scaled].flatMap(([key, target]) => (scaled.has(key) ? [] : target));
    for (const place of lost ?? pools) this.due.set(`${place.namespace}/${selectorText(place)}`, place);
    this.scaled = scaled;
    if (this.running) return;
    this.running = true;
    try {
      for (const [key, place] of this.due) {
        await this.endIn(place);
        this.due.delete(key);
      }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.options.logger.warn({ message }, 'drains that nobody goes on with are not ended yet');
    } finally {
      this.running = false;
    }
  }

  private async endIn(place: Place): Promise<void> {
    const { namespace } = place;
    const pods = await this.options.cluster.list(podKind, { namespace, labelSelector: selectorText(place) });
    for (const pod of pods) if (this.isAbandoned(pod)) await this.endOf(pod);
  }

  /** Both annotations: somebody who sets only the first takes an engine out by hand. */
  private isAbandoned({ metadata }: Pod): boolean {
    const { annotations, labels, namespace, deletionTimestamp } = metadata;
    const isDrained =
      annotations?.[DRAINING_ANNOTATION] !== undefined &&
      annotations[POD_DELETION_COST_ANNOTATION] === DRAINED_COST;
    if (!isDrained || deletionTimestamp !== undefined) return false;
    const targets = [...(this.scaled?.values() ?? [])];
    return !targets.some((each) => each.namespace === namespace && matchesLabels(each.selector, labels));
  }

  private async endOf(pod: Pod): Promise<void> {
    const { cluster, logger, metrics, mayWrite } = this.options;
    if (!mayWrite()) return;
    const { namespace, name, uid } = pod.metadata;
    const annotations = { [DRAINING_ANNOTATION]: null, [POD_DELETION_COST_ANNOTATION]: null };
    try {
      await cluster.mergePatch(podKind, namespace, name, { metadata: { uid, annotations } });
      metrics.countWrite('undrain', 'ok');
    } catch (error) {
      const reason = error instanceof ClusterError ? error.reason : 'error';
      metrics.countWrite('undrain', reason);
      // Gone, or another pod of the name.
      if (reason === 'not-found' || reason === 'conflict') return;
      throw error;
    }
    logger.info({ pod: `${namespace}/${name}` }, 'drain ended: nobody scales its target any more');
    const message = 'serves again: its target is no longer scaled by Penstock';
    cluster.recordEvent({ regarding: pod, type: 'Normal', reason: 'DrainCancelled', message });
  }
}

function selectorText({ selector }: Place): string {
  const terms = Object.entries(selector).map(([label, value]) => `${label}=${value}`);
  return terms.sort().join(',');
}
