import type { ApiObject } from '../../object/api-object.js';
import { isObject, valueAt } from '../../object/json.js';
import { matchesNode } from '../scheduling/node-affinity.js';
import { untoleratedTaint } from '../scheduling/tolerations.js';
import { daemonTolerations } from './daemon-set-pod.js';

export interface DaemonSetFit {
  /** A pod belongs on the node. */
  readonly shouldRun: boolean;
  /** A pod that is there may stay: a `NoSchedule` taint keeps pods away and drives none out. */
  readonly mayStay: boolean;
}

/**
 * Whether a node is one for a DaemonSet: by the template's node name, selector and required affinity, and the node's
 * taints. Its room does not matter; a pod that finds none waits.
 */
export function daemonSetFit(set: ApiObject, node: ApiObject): DaemonSetFit {
  const spec = valueAt(set.spec, ['template', 'spec']);
  const podSpec = isObject(spec) ? spec : {};
  const pod: ApiObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: set.metadata,
    spec: { ...podSpec, tolerations: daemonTolerations(podSpec) },
  };
  const isForAnother = podSpec['nodeName'] && podSpec['nodeName'] !== node.metadata.name;
  if (isForAnother || !matchesNode(pod, node)) return { shouldRun: false, mayStay: false };
  return {
    shouldRun: !untoleratedTaint(pod, node, ['NoSchedule', 'NoExecute']),
    mayStay: !untoleratedTaint(pod, node, ['NoExecute']),
  };
}
