import type { ApiObject, JsonObject } from '../object/api-object.js';
import { timestamp } from '../object/timestamp.js';
import { gateNames } from './pod-changes.js';

/** The condition of a new pod that its scheduling gates hold back; nothing for any other. */
export function gateCondition(pod: ApiObject): JsonObject {
  if (gateNames(pod.spec ?? {}).length === 0) return {};
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'SchedulingGated',
    message: 'Scheduling is blocked due to non-empty scheduling gates',
    lastProbeTime: null,
    lastTransitionTime: timestamp(),
  };
  return { conditions: [condition] };
}
