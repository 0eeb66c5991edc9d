import {
  type InferencePool,
  type InferencePoolV1Alpha2,
  inferencePoolKind,
  inferencePoolV1Alpha2Kind,
} from '@penstock/contracts';
import { type Pool, type PoolProblem, poolOf, poolOfV1Alpha2 } from './pool.js';

/** An InferencePool object of either version and what is made of it. */
export interface PoolObject {
  readonly kind: typeof inferencePoolKind | typeof inferencePoolV1Alpha2Kind;
  readonly object: InferencePool | InferencePoolV1Alpha2;
  /** As the object says it; absent when it is invalid. */
  readonly pool?: Pool;
  /** Why the object is not served as it stands. */
  readonly problem?: PoolProblem & { readonly reason: 'Invalid' | 'ServedByOtherVersion' };
}

/** Reads pool objects. Where both versions have one of a name, the newer version is served. */
export function poolObjects(
  v1: readonly InferencePool[],
  v1alpha2: readonly InferencePoolV1Alpha2[],
): PoolObject[] {
  const read: PoolObject[] = [
    ...v1.map((object) => ({ kind: inferencePoolKind, object, ...reasoned(poolOf(object)) })),
    ...v1alpha2.map((object) => ({
      kind: inferencePoolV1Alpha2Kind,
      object,
      ...reasoned(poolOfV1Alpha2(object)),
    })),
  ];
  const first = new Map<string, Pool>();
  return read.map((each) => {
    if (!each.pool) return each;
    const { namespace, name, group } = each.pool;
    const served = first.get(`${namespace}/${name}`);
    if (!served) {
      first.set(`${namespace}/${name}`, each.pool);
      return each;
    }
    const problem = `InferencePool ${namespace}/${name} exists in ${served.group} and in ${group}: the first is served`;
    return { ...each, problem: { namespace, name, problem, reason: 'ServedByOtherVersion' as const } };
  });
}

function reasoned(outcome: ReturnType<typeof poolOf>): Pick<PoolObject, 'pool' | 'problem'> {
  return 'pool' in outcome ? outcome : { problem: { ...outcome.problem, reason: 'Invalid' } };
}
