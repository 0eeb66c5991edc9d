import type { ClusterState } from '../../api/cluster-state.js';
import { createObject } from '../../api/create-object.js';
import { deleteObject } from '../../api/delete-object.js';
import { ApiError } from '../../object/api-error.js';
import type { ApiObject } from '../../object/api-object.js';
import { sameJson, valueAt } from '../../object/json.js';
import { recordEvent } from '../event-recorder.js';
import { writeStatus } from '../write-status.js';
import { controlledObjects } from './controlled-objects.js';
import { daemonPodsByNode } from './daemon-pods-by-node.js';
import { daemonSetFit } from './daemon-set-fit.js';
import { daemonSetPod, isUpdatedPod } from './daemon-set-pod.js';
import { DAEMON_SETS, daemonSetHistory, trimHistory } from './daemon-set-revision.js';
import { daemonSetStatus } from './daemon-set-status.js';
import { maxUnavailablePods, planDaemonUpdate } from './daemon-set-update.js';
import type { FailedPodDelays } from './failed-pod-delays.js';
import { untilAvailableMs } from './pod-readiness.js';

const MANAGER = 'kube-controller-manager';
const COMPONENT = 'daemonset-controller';
/** As kube-controller-manager: so many pods at once, the rest when those are seen. */
const BURST = 250;

/** One pass over one DaemonSet: pods where they are missing or too many, the next step of an update, its status. */
export class DaemonSetRollout {
  private readonly waitsMs: number[] = [];
  private hasFailed = false;
  private burst = BURST;

  constructor(
    private readonly state: ClusterState,
    private readonly set: ApiObject,
    private readonly failures: FailedPodDelays,
    private readonly nowMs: number,
  ) {}

  /** @returns when to look again: after so many milliseconds, after a failure, or not before something changes */
  run(): number | 'failed' | undefined {
    const { state, set } = this;
    const history = daemonSetHistory(state, set);
    if (!history) return undefined;
    const nodes = state.store.list('nodes');
    this.adjust(nodes, history.hash);
    if (!this.hasFailed) this.update(nodes, history.hash);
    const pods = this.pods();
    trimHistory(state, set, history.old, pods);
    const counted = pods.filter((pod) => !(hasEnded(pod) && pod.metadata.deletionTimestamp));
    const status = daemonSetStatus(set, nodes, daemonPodsByNode(counted), history.hash, this.nowMs);
    if (!sameJson(status, set.status)) writeStatus(state, DAEMON_SETS, set, status, MANAGER);
    if (this.hasFailed) return 'failed';
    const untilAvailable = pods.map((pod) => untilAvailableMs(pod, this.minReadySeconds, this.nowMs) ?? 0);
    const waits = [...this.waitsMs, ...untilAvailable.filter((waitMs) => waitMs > 0)];
    return waits.length > 0 ? Math.min(...waits) : undefined;
  }

  /** Creates pods on nodes that miss theirs; deletes those that ended, are too many or may not stay. */
  private adjust(nodes: readonly ApiObject[], hash: string): void {
    const byNode = daemonPodsByNode(this.pods());
    for (const node of nodes) {
      const { name } = node.metadata;
      const pods = byNode.get(name) ?? [];
      const active = pods.filter((pod) => !pod.metadata.deletionTimestamp);
      const { shouldRun, mayStay } = daemonSetFit(this.set, node);
      if (shouldRun && pods.length === 0) this.create(name, hash);
      if (!mayStay) for (const pod of active) this.delete(pod);
      else this.replaceEnded(name, active);
    }
    const names = new Set(nodes.map((node) => node.metadata.name));
    // Pods on a node that is gone are not ours to end; those that wait for it would wait for ever.
    for (const [name, pods] of byNode) {
      if (names.has(name)) continue;
      for (const pod of pods)
        if (!pod.spec?.['nodeName'] && !pod.metadata.deletionTimestamp) this.delete(pod);
    }
  }

  private replaceEnded(nodeName: string, active: readonly ApiObject[]): void {
    const { uid, generation, namespace } = this.set.metadata;
    for (const pod of active.filter(hasEnded)) {
      const isFailed = pod.status?.['phase'] === 'Failed';
      const waitMs = isFailed ? this.failures.nextMs(`${uid}/${generation}/${nodeName}`, this.nowMs) : 0;
      if (waitMs > 0) {
        this.waitsMs.push(waitMs);
        continue;
      }
      const path = `${namespace}/${pod.metadata.name} on node ${nodeName}`;
      if (isFailed) this.tell('FailedDaemonPod', `Found failed daemon pod ${path}, will try to kill it`);
      else this.tell('SucceededDaemonPod', `Found succeeded daemon pod ${path}, will try to delete it`);
      this.delete(pod);
    }
    for (const pod of active.filter((each) => !hasEnded(each)).slice(1)) this.delete(pod);
  }

  /** The next step of a rolling update. */
  private update(nodes: readonly ApiObject[], hash: string): void {
    const { set, nowMs, minReadySeconds } = this;
    if (valueAt(set.spec, ['updateStrategy', 'type']) !== 'RollingUpdate') return;
    const wanted = nodes
      .filter((node) => daemonSetFit(set, node).shouldRun)
      .map((node) => node.metadata.name);
    const pods = this.pods().filter((pod) => !pod.metadata.deletionTimestamp);
    const byNode = daemonPodsByNode(pods);
    const allowed = valueAt(set.spec, ['updateStrategy', 'rollingUpdate', 'maxUnavailable']);
    const views = [...new Set([...wanted, ...byNode.keys()])].map((name) =>
      (byNode.get(name) ?? []).map((pod) => ({
        name: pod.metadata.name,
        isUpdated: isUpdatedPod(set, pod, hash),
        isAvailable: untilAvailableMs(pod, minReadySeconds, nowMs) === 0,
      })),
    );
    const outdated = new Set(planDaemonUpdate(views, maxUnavailablePods(allowed, wanted.length)));
    for (const pod of pods) if (outdated.has(pod.metadata.name)) this.delete(pod);
  }

  private pods(): ApiObject[] {
    return controlledObjects(this.state, 'pods', this.set, MANAGER);
  }

  private get minReadySeconds(): number {
    return Number(this.set.spec?.['minReadySeconds'] ?? 0);
  }

  private create(nodeName: string, hash: string): void {
    if (this.burst-- <= 0) return;
    const { state, set } = this;
    try {
      const target = { ...state.registry.stored('pods'), namespace: set.metadata.namespace };
      const pod = createObject(state, target, daemonSetPod(set, nodeName, hash), { manager: MANAGER });
      this.tell('SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.hasFailed = true;
      this.tell('FailedCreate', `Error creating: ${error.message}`);
    }
  }

  private delete({ metadata: { namespace, name, uid } }: ApiObject): void {
    const target = { ...this.state.registry.stored('pods'), namespace };
    deleteObject(this.state, target, name, { preconditions: { uid } });
    this.tell('SuccessfulDelete', `Deleted pod: ${name}`);
  }

  private tell(reason: string, message: string): void {
    const type = reason.startsWith('Failed') ? 'Warning' : 'Normal';
    recordEvent(this.state, this.set, { type, reason, message, component: COMPONENT });
  }
}

const hasEnded = ({ status }: ApiObject): boolean =>
  ['Succeeded', 'Failed'].includes(String(status?.['phase']));
