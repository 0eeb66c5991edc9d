import { WorkQueue } from '@penstock/cluster';
import { type Condition, type Pod, type PodGang, podGangKind, podKind } from '@penstock/contracts';
import { type Cluster, ClusterError } from '@penstock/core/ports';
import type { Logger } from 'pino';
import type { LeaderTerm } from '../leader/leader-part.js';
import { setCondition } from '../workload/set-condition.js';
import { stableHash } from '../workload/stable-hash.js';
import { boundedParallel } from './bounded-parallel.js';
import type { PlacementEvents } from './placement-events.js';
import type { PlacementStore } from './placement-store.js';
import type { PlacementView } from './placement-view.js';
import type { Wait, WaitingGangs } from './waiting-gangs.js';

export interface WaitReporterOptions {
  readonly cluster: Cluster;
  readonly view: PlacementView;
  readonly store: PlacementStore;
  readonly waiting: WaitingGangs;
  readonly events: PlacementEvents;
  readonly logger: Logger;
  readonly nowMs: () => number;
  /** Shortest time between two reports of the same. */
  readonly intervalMs: number;
  readonly bindConcurrency: number;
}

/** Shortest time between two reports of one gang, also when the counts in the words differ. */
const OTHER_WORDS_MS = 1_000;

interface Told {
  readonly message: string;
  readonly atMs: number;
}

/**
 * Says at the objects why gangs wait: conditions and Events at PodGangs and pods, which autoscalers of nodes look for,
 * and `placement.refused`. It works beside the decisions and never holds them up.
 */
export class WaitReporter {
  private readonly queue: WorkQueue;
  private readonly told = new Map<string, Told>();
  private term: LeaderTerm | undefined;

  constructor(private readonly options: WaitReporterOptions) {
    this.queue = new WorkQueue({
      concurrency: 2,
      reconcile: (key) => this.report(key),
      onError: (key, error, retryInMs) =>
        options.logger.debug({ err: error, gang: key, delayMs: retryInMs }, 'a report on a gang failed'),
    });
  }

  lead(term: LeaderTerm): void {
    this.term = term;
    this.told.clear();
  }

  yield(): void {
    this.term = undefined;
  }

  async stop(): Promise<void> {
    this.term = undefined;
    await this.queue.stop();
  }

  /** The gang waits, waits for something else, or no longer waits. */
  changed(key: string): void {
    this.queue.add(key);
  }

  private async report(key: string): Promise<{ againInMs: number } | undefined> {
    const { view, waiting, events, nowMs, intervalMs } = this.options;
    const [namespace, name] = key.split('/') as [string, string];
    const gang = view.gangs.get(namespace, name);
    if (!this.term?.isHeld() || !gang || gang.metadata.deletionTimestamp) {
      this.told.delete(key);
      return undefined;
    }
    const wait = waiting.get(key);
    await this.writeGang(gang, key, wait);
    if (!wait) {
      this.told.delete(key);
      return undefined;
    }
    await this.writePods(gang, wait);
    const last = this.told.get(key);
    const pauseMs = last?.message === wait.message ? intervalMs : Math.min(intervalMs, OTHER_WORDS_MS);
    const againInMs = last ? last.atMs + pauseMs - nowMs() : 0;
    if (againInMs > 0) return { againInMs };
    this.told.set(key, { message: wait.message, atMs: nowMs() });
    events.refused(gang, wait);
    this.options.cluster.recordEvent({
      ...{ regarding: gang, type: 'Warning', reason: 'FailedScheduling', message: wait.message },
    });
    return { againInMs: intervalMs };
  }

  /** Others write parts of the same status, so it is read, changed and written under its version. */
  private async writeGang(gang: PodGang, key: string, wait: Wait | undefined): Promise<void> {
    const { cluster, store, nowMs } = this.options;
    const score = store.get(key)?.spec.score;
    const next = (current: PodGang): PodGang['status'] => {
      const { conditions = [], ...rest } = current.status ?? {};
      // A gang that has its minimum is scheduled, whatever becomes of the pods beyond it.
      const isScheduled = conditions.some(({ type, status }) => type === 'Scheduled' && status === 'True');
      const finding = { type: 'Scheduled', status: 'False' as const };
      return {
        ...rest,
        ...(score === undefined ? {} : { placementScore: score }),
        conditions:
          wait && !isScheduled
            ? setCondition(
                conditions as Condition[],
                { ...finding, reason: wait.reason, message: wait.message },
                current.metadata.generation,
                nowMs(),
              )
            : conditions,
      };
    };
    if (stableHash(next(gang)) === stableHash({ ...gang.status, conditions: gang.status?.conditions ?? [] }))
      return;
    const { namespace, name, uid } = gang.metadata;
    const fresh = await cluster.get(podGangKind, namespace, name);
    if (fresh?.metadata.uid !== uid || !fresh || !this.term?.isHeld()) return;
    await cluster.update(podGangKind, { ...fresh, status: next(fresh) }, { subresource: 'status' });
  }

  private async writePods(gang: PodGang, wait: Wait): Promise<void> {
    const { cluster, view, nowMs, bindConcurrency } = this.options;
    const namespace = gang.metadata.namespace ?? '';
    const pods = wait.pods.flatMap((name) => view.pods.get(namespace, name) ?? []);
    const unsaid = pods.filter((pod) => view.nodeOf(pod) === undefined && !isSaid(pod));
    await boundedParallel(unsaid, bindConcurrency, async (pod) => {
      if (!this.term?.isHeld()) return;
      const { name, uid } = pod.metadata;
      const condition = {
        ...{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: wait.message },
        lastTransitionTime: `${new Date(nowMs()).toISOString().slice(0, 19)}Z`,
      };
      const status = { conditions: [condition] };
      try {
        const patch = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name, uid }, status };
        await cluster.apply(podKind, patch as Pod, { subresource: 'status', force: true });
      } catch (error) {
        // The pod is gone or another by now: nothing to say about it.
        if (!(error instanceof ClusterError && ['not-found', 'conflict'].includes(error.reason))) throw error;
        return;
      }
      cluster.recordEvent({
        regarding: pod,
        type: 'Warning',
        reason: 'FailedScheduling',
        message: wait.message,
      });
    });
  }
}

/** Whether a pod says already that it cannot be scheduled; the gang has the newest words. */
function isSaid({ status }: Pod): boolean {
  return (
    status?.conditions?.some(
      ({ type, status: value, reason }) =>
        type === 'PodScheduled' && value === 'False' && reason === 'Unschedulable',
    ) ?? false
  );
}
