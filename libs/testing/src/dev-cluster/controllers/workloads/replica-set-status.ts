import { setCondition } from '../../api/set-condition.js';
import type { ApiObject, JsonObject } from '../../object/api-object.js';
import { isObject, valueAt } from '../../object/json.js';
import { timestamp } from '../../object/timestamp.js';
import { isPodReady, untilAvailableMs } from './pod-readiness.js';

/**
 * The status of a ReplicaSet (apps/v1 ReplicaSetStatus) from its pods. Numbers that the API leaves out when they are 0
 * are left out.
 *
 * @param problem why pods could not be created
 */
export function replicaSetStatus(
  set: ApiObject,
  active: readonly ApiObject[],
  terminating: number,
  problem: string | undefined,
  nowMs: number,
): JsonObject {
  const minReadySeconds = Number(set.spec?.['minReadySeconds'] ?? 0);
  const labels = valueAt(set.spec, ['template', 'metadata', 'labels']);
  const wanted = Object.entries(isObject(labels) ? labels : {});
  const counts = {
    fullyLabeledReplicas: active.filter((pod) =>
      wanted.every(([key, value]) => pod.metadata.labels?.[key] === value),
    ).length,
    readyReplicas: active.filter(isPodReady).length,
    availableReplicas: active.filter((pod) => untilAvailableMs(pod, minReadySeconds, nowMs) === 0).length,
  };
  const status: JsonObject = {
    replicas: active.length,
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    terminatingReplicas: terminating,
    observedGeneration: set.metadata.generation,
  };
  if (!problem) return status;
  const conditions = set.status?.['conditions'];
  return setCondition(
    { ...status, ...(conditions ? { conditions } : {}) },
    {
      type: 'ReplicaFailure',
      status: 'True',
      reason: 'FailedCreate',
      message: problem,
      lastTransitionTime: timestamp(nowMs),
    },
  );
}
