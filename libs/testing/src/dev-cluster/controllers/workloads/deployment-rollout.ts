import type { ClusterState } from '../../api/cluster-state.js';
import { deleteObject } from '../../api/delete-object.js';
import { ApiError } from '../../object/api-error.js';
import type { ApiObject } from '../../object/api-object.js';
import { sameJson, valueAt } from '../../object/json.js';
import { changeObject } from '../change-object.js';
import { recordEvent } from '../event-recorder.js';
import { writeStatus } from '../write-status.js';
import { controlledObjects, controllerOf } from './controlled-objects.js';
import {
  createNewSet,
  DEPLOYMENTS,
  DESIRED_REPLICAS,
  findNewSet,
  MANAGER,
  MAX_REPLICAS,
  REVISION,
  refreshNewSet,
  revisionOf,
} from './deployment-revision.js';
import { deploymentStatus, untilDeadlineMs } from './deployment-status.js';
import { REPLICA_SETS } from './replica-set-controller.js';
import {
  newSetSize,
  planRollingUpdate,
  planScaling,
  type RolloutState,
  rolloutBounds,
  type SizedSet,
  type Sizes,
} from './rollout-plan.js';

const COMPONENT = 'deployment-controller';

const replicasOf = ({ spec }: ApiObject): number => Number(spec?.['replicas'] ?? 1);
const byAge = (a: ApiObject, b: ApiObject): number =>
  revisionOf(a) - revisionOf(b) || a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp);

/** One look at one Deployment: at most one step, whose changes bring the next look. */
export class DeploymentRollout {
  private readonly replicas: number;
  private readonly bounds: { maxSurge: number; maxUnavailable: number };
  private readonly isRecreate: boolean;
  private sets: ApiObject[];
  private newSet: ApiObject | undefined;
  private isNewSetCreated = false;
  private problem: string | undefined;

  constructor(
    private readonly state: ClusterState,
    private deployment: ApiObject,
  ) {
    this.replicas = replicasOf(deployment);
    const strategy = deployment.spec?.['strategy'];
    this.isRecreate = valueAt(strategy, ['type']) === 'Recreate';
    const { maxSurge, maxUnavailable } = (valueAt(strategy, ['rollingUpdate']) ?? {}) as Record<
      string,
      unknown
    >;
    this.bounds = this.isRecreate
      ? { maxSurge: 0, maxUnavailable: 0 }
      : rolloutBounds(this.replicas, maxSurge, maxUnavailable);
    this.sets = controlledObjects(state, REPLICA_SETS, deployment, MANAGER).sort(byAge);
    this.newSet = findNewSet(deployment, this.sets);
  }

  /** @returns after how many milliseconds to look again, changes aside; `failed` when a step could not be taken */
  run(): number | 'failed' | undefined {
    if (!this.deployment.metadata.deletionTimestamp) this.step();
    this.writeStatus();
    if (this.problem !== undefined) return 'failed';
    const leftMs = untilDeadlineMs(this.deployment, Date.now());
    return leftMs === undefined ? undefined : leftMs + 1;
  }

  private get oldSets(): ApiObject[] {
    return this.sets.filter((set) => set.metadata.uid !== this.newSet?.metadata.uid);
  }

  private step(): void {
    if (this.deployment.spec?.['paused'] === true || this.isScaling()) {
      this.resize(planScaling(this.rollout()));
      this.annotateSizes();
      if (this.deployment.spec?.['paused'] === true) this.dropHistory();
      return;
    }
    if (this.isRecreate) {
      const old = this.oldSets.filter((set) => replicasOf(set) > 0);
      if (old.length > 0) {
        this.resize(new Map(old.map((set) => [set.metadata.name, 0])));
        return;
      }
      if (this.hasOldPods()) return;
    }
    if (!this.ensureNewSet()) return;
    const plan = this.isRecreate
      ? new Map([[this.newSet?.metadata.name ?? '', this.replicas]])
      : planRollingUpdate(this.rollout());
    this.resize(plan);
    const { status } = this.deployment;
    if (status?.['updatedReplicas'] === this.replicas && status['replicas'] === this.replicas)
      this.dropHistory();
  }

  /** The number of wanted pods is another one than that by which the sets were sized. */
  private isScaling(): boolean {
    return this.sets
      .filter((set) => replicasOf(set) > 0)
      .some((set) => {
        const desired = set.metadata.annotations?.[DESIRED_REPLICAS];
        return desired !== undefined && Number(desired) !== this.replicas;
      });
  }

  private rollout(): RolloutState {
    const sized = (set: ApiObject): SizedSet => ({
      name: set.metadata.name,
      replicas: replicasOf(set),
      available: Number(set.status?.['availableReplicas'] ?? 0),
      maxBefore: Number(set.metadata.annotations?.[MAX_REPLICAS] ?? 0) || undefined,
    });
    const none: SizedSet = { name: '', replicas: 0, available: 0, maxBefore: undefined };
    return {
      replicas: this.replicas,
      ...this.bounds,
      newSet: this.newSet ? sized(this.newSet) : none,
      oldSets: this.oldSets.map(sized),
    };
  }

  /** @returns whether there is a set for the present template */
  private ensureNewSet(): boolean {
    const { state, deployment } = this;
    if (this.newSet) {
      this.newSet = this.replace(refreshNewSet(state, deployment, this.newSet, this.oldSets));
      this.keepRevision();
      return true;
    }
    const size = this.isRecreate ? this.replicas : newSetSize(this.rollout());
    try {
      this.newSet = createNewSet(state, deployment, this.sets, size, this.sizeAnnotations());
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.problem = `Failed to create new replica set: ${error.message}`;
      return false;
    }
    if (!this.newSet) return false;
    this.isNewSetCreated = true;
    this.sets.push(this.newSet);
    if (size > 0) this.tellScaled(this.newSet, 0, size);
    this.keepRevision();
    return true;
  }

  /** The Deployment carries the number of its present revision. */
  private keepRevision(): void {
    const revision = this.newSet?.metadata.annotations?.[REVISION];
    const { annotations } = this.deployment.metadata;
    if (!revision || annotations?.[REVISION] === revision) return;
    const metadata = { annotations: { ...annotations, [REVISION]: revision } };
    this.deployment = changeObject(this.state, DEPLOYMENTS, this.deployment, { metadata }, MANAGER);
  }

  private resize(sizes: Sizes): void {
    for (const [name, replicas] of sizes) {
      const set = this.sets.find((candidate) => candidate.metadata.name === name);
      if (!set || replicasOf(set) === replicas) continue;
      const annotations = { ...set.metadata.annotations, ...this.sizeAnnotations() };
      this.replace(
        changeObject(
          this.state,
          REPLICA_SETS,
          set,
          { metadata: { annotations }, spec: { replicas } },
          MANAGER,
        ),
      );
      this.tellScaled(set, replicasOf(set), replicas);
    }
  }

  private annotateSizes(): void {
    for (const set of this.sets.filter((candidate) => replicasOf(candidate) > 0)) {
      const annotations = { ...set.metadata.annotations, ...this.sizeAnnotations() };
      if (!sameJson(annotations, set.metadata.annotations))
        this.replace(changeObject(this.state, REPLICA_SETS, set, { metadata: { annotations } }, MANAGER));
    }
  }

  private sizeAnnotations(): Record<string, string> {
    const max = this.replicas + this.bounds.maxSurge;
    return { [DESIRED_REPLICAS]: String(this.replicas), [MAX_REPLICAS]: String(max) };
  }

  private replace(set: ApiObject): ApiObject {
    this.sets = this.sets.map((known) => (known.metadata.uid === set.metadata.uid ? set : known));
    if (this.newSet?.metadata.uid === set.metadata.uid) this.newSet = set;
    return set;
  }

  private hasOldPods(): boolean {
    const uids = new Set(this.oldSets.map((set) => set.metadata.uid));
    return this.state.store
      .list('pods', this.deployment.metadata.namespace)
      .some(
        (pod) =>
          uids.has(controllerOf(pod)?.uid ?? '') &&
          !['Succeeded', 'Failed'].includes(String(pod.status?.['phase'])),
      );
  }

  /** Deletes the oldest sets without pods beyond the history that is kept. */
  private dropHistory(): void {
    const limit = Number(this.deployment.spec?.['revisionHistoryLimit'] ?? 10);
    const idle = this.oldSets.filter(
      (set) =>
        replicasOf(set) === 0 && !Number(set.status?.['replicas'] ?? 0) && !set.metadata.deletionTimestamp,
    );
    for (const { metadata } of idle.slice(0, Math.max(0, this.oldSets.length - limit))) {
      const target = { ...this.state.registry.stored(REPLICA_SETS), namespace: metadata.namespace };
      deleteObject(this.state, target, metadata.name, { preconditions: { uid: metadata.uid } });
    }
  }

  private writeStatus(): void {
    const { deployment, newSet, oldSets, replicas, isNewSetCreated, problem } = this;
    const status = deploymentStatus({
      deployment,
      newSet,
      oldSets,
      replicas,
      maxUnavailable: this.bounds.maxUnavailable,
      nowMs: Date.now(),
      isNewSetCreated,
      problem,
    });
    if (sameJson(status, deployment.status)) return;
    this.deployment = writeStatus(this.state, DEPLOYMENTS, deployment, status, MANAGER) ?? deployment;
  }

  private tellScaled(set: ApiObject, from: number, to: number): void {
    const message = `Scaled ${to > from ? 'up' : 'down'} replica set ${set.metadata.name} from ${from} to ${to}`;
    recordEvent(this.state, this.deployment, {
      type: 'Normal',
      reason: 'ScalingReplicaSet',
      message,
      component: COMPONENT,
    });
  }
}
