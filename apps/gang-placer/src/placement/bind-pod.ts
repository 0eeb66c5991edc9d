import { type GangAssignment, podKind } from '@penstock/contracts';
import { type Cluster, ClusterError } from '@penstock/core/ports';

/** `lost`: this pod can no longer be bound there: it is gone, going, another one, gated again, or elsewhere. */
export type BindOutcome = 'bound' | 'lost';

/**
 * Binds one pod to the node that was decided. A refusal or a lost answer is no verdict: the pod itself is asked where it
 * is. Throws when that does not answer either, or when the pod is still free: try again.
 */
export async function bindPod(
  cluster: Cluster,
  namespace: string,
  { pod: name, uid, node }: GangAssignment,
): Promise<BindOutcome> {
  let failure: unknown;
  try {
    await cluster.bindPod({ namespace, name, uid }, node);
    return 'bound';
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    if (error.reason === 'not-found') return 'lost';
    if (error.reason === 'throttled' || error.reason === 'forbidden') throw error;
    failure = error;
  }
  const pod = await cluster.get(podKind, namespace, name);
  if (pod?.metadata.uid !== uid) return 'lost';
  if (pod.spec?.nodeName) return pod.spec.nodeName === node ? 'bound' : 'lost';
  if (pod.metadata.deletionTimestamp || pod.spec?.schedulingGates?.length) return 'lost';
  throw failure;
}
