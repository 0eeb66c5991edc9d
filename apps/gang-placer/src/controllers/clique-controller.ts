import {
  GROVE_LABELS,
  type Pod,
  type PodClique,
  type PodCliqueSet,
  podCliqueKind,
  podKind,
  START_ALLOWED_ANNOTATION,
} from '@penstock/contracts';
import type { Clock, Cluster } from '@penstock/core/ports';
import { cliqueStatus, effectiveMinimum } from '../workload/clique-status.js';
import { makePod, type PodOptions } from '../workload/make-pod.js';
import { controllerUid } from '../workload/ownership.js';
import { type PodPlan, planPods, type Renewal } from '../workload/plan-pods.js';
import { isAlive, isReady, templateHashOf } from '../workload/pod-state.js';
import type { FencedWriter } from './fenced-writer.js';
import { inChunks } from './in-chunks.js';
import { splitKey } from './split-key.js';
import type { WorkloadView } from './workload-view.js';

/** When what is known of a clique is older than the API's, the news are on their way. */
const STALE_RETRY_MS = 200;

/** Gives a PodClique its pods, replaces and removes them, and lets them start in order. */
export class CliqueController {
  constructor(
    private readonly view: WorkloadView,
    private readonly writer: FencedWriter,
    private readonly cluster: Pick<Cluster, 'get'>,
    private readonly clock: Clock,
    private readonly options: PodOptions,
  ) {}

  async reconcile(key: string): Promise<{ againInMs: number } | undefined> {
    const { namespace, name } = splitKey(key);
    const clique = this.view.cliques.get(namespace, name);
    if (!clique || clique.metadata.deletionTimestamp) return undefined;
    const set = this.view.sets.get(namespace, clique.metadata.labels?.[GROVE_LABELS.partOf] ?? '');
    if (!set || set.metadata.deletionTimestamp) return undefined;
    const pods = this.view.podsOf(namespace, name);
    const own = pods.filter((pod) => controllerUid(pod) === clique.metadata.uid);
    const renewal = renewalOf(set, clique);
    const plan = planPods(clique, pods, renewal);
    if (plan.surplus.length > 0 && !(await this.isCurrent(clique))) return { againInMs: STALE_RETRY_MS };
    await this.removePods(plan);
    await this.createPods(set, clique, plan.create);
    await this.allowStart(set, clique, own, plan.create.length);
    const isQuiet = [plan.create, plan.surplus, plan.ended, plan.outdated].every(
      ({ length }) => length === 0,
    );
    // After a change of pods their news come, and with them the status that is true then.
    if (isQuiet) await this.writeStatus(clique, own, renewal);
    return undefined;
  }

  /** Before running pods are removed: is this still what the API says? */
  private async isCurrent({ metadata, spec }: PodClique): Promise<boolean> {
    const live = await this.cluster.get(podCliqueKind, metadata.namespace, metadata.name);
    return live?.metadata.uid === metadata.uid && (live?.spec.replicas ?? 1) === (spec.replicas ?? 1);
  }

  private async removePods({ surplus, ended, outdated }: PodPlan): Promise<void> {
    for (const pod of [...ended, ...surplus, ...outdated]) {
      await this.writer.delete(podKind, pod);
      this.view.podDeleted(pod);
    }
  }

  private async createPods(set: PodCliqueSet, clique: PodClique, indexes: readonly number[]): Promise<void> {
    try {
      await inChunks(indexes, (index) => this.writer.create(podKind, makePod(clique, index, this.options)));
    } catch (error) {
      const message = `pods of clique ${clique.metadata.name} cannot be created: ${(error as Error).message}`;
      this.writer.tell({ regarding: set, type: 'Warning', reason: 'FailedCreate', message });
      throw error;
    }
  }

  /** Once every clique before it has its minimum ready; pods that come later may start at once. */
  private async allowStart(
    set: PodCliqueSet,
    clique: PodClique,
    own: readonly Pod[],
    created: number,
  ): Promise<void> {
    const before = clique.spec.startsAfter ?? [];
    const waiting = own.filter(
      (pod) => isAlive(pod) && pod.metadata.annotations?.[START_ALLOWED_ANNOTATION] !== 'true',
    );
    if (before.length === 0 || waiting.length + created === 0) return;
    const { namespace = '', name } = clique.metadata;
    const missing = before.filter((parent) => !this.hasMinimumReady(namespace, parent));
    if (missing.length > 0) {
      if (created > 0) this.tellWaiting(set, name, missing);
      return;
    }
    const annotations = { [START_ALLOWED_ANNOTATION]: 'true' };
    await Promise.all(waiting.map((pod) => this.writer.patch(podKind, pod, { metadata: { annotations } })));
    if (waiting.length === 0) return;
    const message = `clique ${name}: pods may start (${waiting.length}), as ${before.join(', ')} is ready`;
    this.writer.tell({ regarding: set, type: 'Normal', reason: 'StartAllowed', message });
  }

  private tellWaiting(set: PodCliqueSet, name: string, missing: readonly string[]): void {
    const message = `clique ${name} starts once ${missing.join(', ')} is ready`;
    this.writer.tell({ regarding: set, type: 'Normal', reason: 'WaitingToStart', message });
  }

  private hasMinimumReady(namespace: string, name: string): boolean {
    const clique = this.view.cliques.get(namespace, name);
    if (!clique) return false;
    const ready = this.view.podsOf(namespace, name).filter((pod) => isAlive(pod) && isReady(pod));
    return ready.length >= effectiveMinimum(clique);
  }

  private async writeStatus(clique: PodClique, own: readonly Pod[], renewal: Renewal): Promise<void> {
    const hash = templateHashOf(clique);
    const updating =
      renewal !== 'on-delete' && own.some((pod) => isAlive(pod) && templateHashOf(pod) !== hash);
    const status = cliqueStatus(clique, own, updating, this.clock.nowMs());
    await this.writer.patchStatus(podCliqueKind, clique, status);
  }
}

/** Replicas of a scaling group are made again as a whole: their pods work together. */
function renewalOf({ spec }: PodCliqueSet, { metadata }: PodClique): Renewal {
  if (spec.updateStrategy?.type === 'OnDelete') return 'on-delete';
  return metadata.labels?.[GROVE_LABELS.podCliqueScalingGroup] === undefined ? 'one-by-one' : 'at-once';
}
