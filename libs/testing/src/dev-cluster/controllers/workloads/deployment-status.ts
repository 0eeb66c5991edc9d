import type { ApiObject, Json, JsonObject } from '../../object/api-object.js';
import { isObject } from '../../object/json.js';
import { timestamp } from '../../object/timestamp.js';

/** A deadline of this many seconds is none (the largest 32-bit number, as Kubernetes has it). */
const NO_DEADLINE_SECONDS = 2_147_483_647;

export interface DeploymentView {
  readonly deployment: ApiObject;
  readonly newSet: ApiObject | undefined;
  readonly oldSets: readonly ApiObject[];
  readonly replicas: number;
  readonly maxUnavailable: number;
  readonly nowMs: number;
  /** The new ReplicaSet was created just now. */
  readonly isNewSetCreated: boolean;
  /** Why the new ReplicaSet could not be created. */
  readonly problem?: string;
}

const count = (object: ApiObject | undefined, field: string): number => Number(object?.status?.[field] ?? 0);
const sum = (sets: readonly ApiObject[], field: string): number =>
  sets.reduce((total, set) => total + count(set, field), 0);

/** The status of a Deployment (apps/v1 DeploymentStatus) from its ReplicaSets, with its conditions. */
export function deploymentStatus(view: DeploymentView): JsonObject {
  const { deployment, newSet, oldSets, replicas, maxUnavailable, nowMs } = view;
  const all = [...oldSets, ...(newSet ? [newSet] : [])];
  const asked = all.reduce((total, set) => total + Number(set.spec?.['replicas'] ?? 0), 0);
  const availableReplicas = sum(all, 'availableReplicas');
  const counts = {
    replicas: sum(all, 'replicas'),
    updatedReplicas: count(newSet, 'replicas'),
    readyReplicas: sum(all, 'readyReplicas'),
    availableReplicas,
    unavailableReplicas: Math.max(0, asked - availableReplicas),
  };
  const collisionCount = deployment.status?.['collisionCount'];
  const isAvailable = availableReplicas >= replicas - maxUnavailable;
  const numbers: JsonObject = {
    ...Object.fromEntries(Object.entries(counts).filter(([, value]) => value > 0)),
    terminatingReplicas: sum(all, 'terminatingReplicas'),
    observedGeneration: deployment.metadata.generation,
    ...(collisionCount ? { collisionCount } : {}),
  };
  const available = isAvailable
    ? { status: 'True', reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.' }
    : {
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      };
  let conditions = withCondition(conditionsOf(deployment), { type: 'Available', ...available }, nowMs);
  const progress = progressOf(view, counts);
  if (progress) conditions = withCondition(conditions, { type: 'Progressing', ...progress }, nowMs, true);
  return { ...numbers, conditions };
}

interface ConditionText {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** What to say of the rollout; undefined when nothing has changed about it. */
function progressOf(view: DeploymentView, counts: Record<string, number>): ConditionText | undefined {
  const { deployment, newSet, replicas, problem } = view;
  const known = progressing(deployment);
  const { spec = {}, status: before = {} } = deployment;
  if (spec['paused'] === true)
    return { status: 'Unknown', reason: 'DeploymentPaused', message: 'Deployment is paused' };
  if (known?.['reason'] === 'DeploymentPaused')
    return { status: 'Unknown', reason: 'DeploymentResumed', message: 'Deployment is resumed' };
  if (problem) return { status: 'False', reason: 'ReplicaSetCreateError', message: problem };
  if (Number(spec['progressDeadlineSeconds'] ?? NO_DEADLINE_SECONDS) === NO_DEADLINE_SECONDS || !newSet)
    return undefined;
  const set = `ReplicaSet ${JSON.stringify(newSet.metadata.name)}`;
  const isComplete =
    counts['updatedReplicas'] === replicas &&
    counts['replicas'] === replicas &&
    counts['availableReplicas'] === replicas;
  if (isComplete) {
    if (known?.['reason'] === 'NewReplicaSetAvailable') return undefined;
    return {
      status: 'True',
      reason: 'NewReplicaSetAvailable',
      message: `${set} has successfully progressed.`,
    };
  }
  if (view.isNewSetCreated) {
    const message = `Created new replica set ${JSON.stringify(newSet.metadata.name)}`;
    return { status: 'True', reason: 'NewReplicaSetCreated', message };
  }
  // A set that had succeeded and lost pods since does not progress anew.
  if (known?.['reason'] === 'NewReplicaSetAvailable' && counts['replicas'] === counts['updatedReplicas'])
    return undefined;
  const grew = (field: string): boolean => (counts[field] ?? 0) > Number(before[field] ?? 0);
  const oldNow = (counts['replicas'] ?? 0) - (counts['updatedReplicas'] ?? 0);
  const oldBefore = Number(before['replicas'] ?? 0) - Number(before['updatedReplicas'] ?? 0);
  const hasMoved =
    grew('updatedReplicas') || grew('readyReplicas') || grew('availableReplicas') || oldNow < oldBefore;
  if (hasMoved || !known)
    return { status: 'True', reason: 'ReplicaSetUpdated', message: `${set} is progressing.` };
  const leftMs = untilDeadlineMs(deployment, view.nowMs);
  if (leftMs === undefined || leftMs > 0) return undefined;
  return {
    status: 'False',
    reason: 'ProgressDeadlineExceeded',
    message: `${set} has timed out progressing.`,
  };
}

/** How long until the rollout counts as stuck; undefined when it is over or has no deadline. */
export function untilDeadlineMs(deployment: ApiObject, nowMs: number): number | undefined {
  const seconds = Number(deployment.spec?.['progressDeadlineSeconds'] ?? NO_DEADLINE_SECONDS);
  const known = progressing(deployment);
  const isOver = ['NewReplicaSetAvailable', 'ProgressDeadlineExceeded'].includes(String(known?.['reason']));
  if (!known || isOver || seconds === NO_DEADLINE_SECONDS || deployment.spec?.['paused'] === true)
    return undefined;
  return Math.max(0, Date.parse(String(known['lastUpdateTime'])) + seconds * 1000 - nowMs);
}

const conditionsOf = ({ status }: ApiObject): Json[] =>
  Array.isArray(status?.['conditions']) ? status['conditions'] : [];

const progressing = (deployment: ApiObject): JsonObject | undefined =>
  conditionsOf(deployment)
    .filter(isObject)
    .find((condition) => condition['type'] === 'Progressing');

/** @param isNews the same thing said again is news, too, and moves `lastUpdateTime` */
function withCondition(
  conditions: readonly Json[],
  condition: ConditionText & { readonly type: string },
  nowMs: number,
  isNews = false,
): Json[] {
  const before = conditions.filter(isObject).find((c) => c['type'] === condition.type);
  const isSame = before?.['status'] === condition.status && before['reason'] === condition.reason;
  if (isSame && !isNews) return [...conditions];
  const now = timestamp(nowMs);
  const lastTransitionTime = before?.['status'] === condition.status ? before['lastTransitionTime'] : now;
  const { type, ...text } = condition;
  const next: JsonObject = { type, ...text, lastUpdateTime: now, lastTransitionTime };
  return [...conditions.filter((c) => isObject(c) && c['type'] !== type), next];
}
