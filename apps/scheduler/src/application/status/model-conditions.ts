import type { FleetPool } from '../fleet.js';
import type { WantedCondition } from './merge-conditions.js';

export interface ModelFacts {
  /** Why the object is ignored. */
  readonly invalid?: string;
  /** Name that clients send, and the object that has it already. */
  readonly taken?: { readonly modelName: string; readonly by: string };
  /** `<namespace>/<name>` of the pool it refers to. */
  readonly poolId: string;
  /** That pool, when it exists. */
  readonly pool?: FleetPool;
  /** Names it sends to engines; absent where that is not looked at. */
  readonly targets?: readonly string[];
  /** As the object says it, and what that means here. */
  readonly criticality?: { readonly name: string; readonly priority: number };
}

/** What to say about an InferenceModel or an InferenceModelRewrite: what applies, and what is not acted upon. */
export function modelConditions(facts: ModelFacts): WantedCondition[] {
  const { invalid, taken, targets, criticality } = facts;
  const conditions = [accepted(facts), resolvedRefs(facts)];
  if (invalid !== undefined || taken !== undefined) return conditions;
  if (facts.pool && targets) conditions.push(targetsServed(facts.pool, facts.poolId, targets));
  if (criticality) {
    conditions.push({
      type: 'penstock.dev/CriticalityEnforced',
      status: 'False',
      reason: 'NotYetEnforced',
      message: `criticality ${criticality.name} is priority ${criticality.priority}; requests are not ordered by priority yet`,
    });
  }
  return conditions;
}

function accepted({ invalid, taken }: ModelFacts): WantedCondition {
  const type = 'Accepted';
  if (invalid !== undefined) return { type, status: 'False', reason: 'Invalid', message: invalid };
  if (!taken)
    return { type, status: 'True', reason: 'Accepted', message: 'requests are routed by this object' };
  const message = `the model name ${taken.modelName} belongs to ${taken.by}, which comes first: give this object another modelName, or delete one of them`;
  return { type, status: 'False', reason: 'NameInUse', message };
}

function resolvedRefs({ pool, poolId }: ModelFacts): WantedCondition {
  const type = 'ResolvedRefs';
  if (pool) return { type, status: 'True', reason: 'ResolvedRefs', message: `pool ${poolId} is served` };
  const message = `there is no InferencePool ${poolId}, or it is not valid`;
  return { type, status: 'False', reason: 'PoolNotFound', message };
}

function targetsServed(pool: FleetPool, poolId: string, targets: readonly string[]): WantedCondition {
  const type = 'penstock.dev/TargetsServed';
  const known = pool.endpoints.filter((endpoint) => endpoint.servedModels.size > 0);
  if (known.length === 0) {
    const message = `no engine of pool ${poolId} has said which models it serves`;
    return { type, status: 'Unknown', reason: 'NoEngine', message };
  }
  const missing = targets.filter((target) => !known.some((endpoint) => endpoint.servedModels.has(target)));
  if (missing.length === 0) {
    return { type, status: 'True', reason: 'TargetsServed', message: `pool ${poolId} serves every target` };
  }
  const message = `no engine of pool ${poolId} serves ${missing.join(', ')}: requests that are sent there are refused; adapters must be loaded by the engines`;
  return { type, status: 'False', reason: 'TargetsNotServed', message };
}
