import type { Clock } from '@penstock/core/ports';
import {
  EMPTY_POOL_STATE,
  type PoolInput,
  type PoolState,
  recommendPool,
  type ScalingOptions,
  type VariantDecision,
} from '@penstock/core/scaling';
import type { DemandFeed } from './follow-demand.js';
import type { ReplicaView } from './replica-view.js';
import type { ResolvedVariant } from './variant-view.js';

/** A variant with the replicas it has now. */
export interface VariantSituation {
  readonly variant: ResolvedVariant;
  readonly replicas: readonly ReplicaView[];
}

/** A recommendation, with all that it can be computed again from. */
export interface Evaluation {
  readonly situation: VariantSituation;
  readonly decision: VariantDecision;
  readonly record: { readonly input: PoolInput; readonly state: PoolState; readonly options: ScalingOptions };
}

/** Recommends pool by pool, and remembers what the next recommendation needs. */
export class PoolEvaluator {
  private states = new Map<string, PoolState>();

  constructor(
    private readonly demand: DemandFeed,
    private readonly clock: Clock,
    private readonly options: ScalingOptions,
  ) {}

  /** @param situations every variant of the pools that are to be evaluated */
  evaluate(situations: readonly VariantSituation[]): Evaluation[] {
    return groups(situations).flatMap(({ key, model, members }) => {
      const { namespace, name } = members[0]!.variant.pool;
      const demand = this.demand.view(namespace, name, model);
      const variants = members.map(coreVariant);
      const input: PoolInput = { nowMs: this.clock.nowMs(), variants, ...(demand ? { demand } : {}) };
      const before = this.states.get(key) ?? EMPTY_POOL_STATE;
      const { decisions, state } = recommendPool(input, before, this.options);
      this.states.set(key, state);
      const record = { input, state: before, options: this.options };
      return decisions.map((decision) => {
        const situation = members.find(({ variant }) => variant.key === decision.key)!;
        return { situation, decision, record };
      });
    });
  }

  /** Forgets pools that have no variants any more. */
  keepOnly(situations: readonly VariantSituation[]): void {
    const wanted = new Set(groups(situations).map(({ key }) => key));
    this.states = new Map([...this.states].filter(([key]) => wanted.has(key)));
  }
}

interface Group {
  readonly key: string;
  /** Set where variants of one pool name different models: then each has its own demand. */
  readonly model: string | undefined;
  readonly members: VariantSituation[];
}

function groups(situations: readonly VariantSituation[]): Group[] {
  const byPool = new Map<string, VariantSituation[]>();
  for (const situation of situations) {
    const { namespace, name } = situation.variant.pool;
    const key = `${namespace}/${name}`;
    byPool.set(key, [...(byPool.get(key) ?? []), situation]);
  }
  return [...byPool].flatMap(([key, members]): Group[] => {
    const models = [...new Set(members.map(({ variant }) => variant.model))].sort();
    // Schedulers name the model as it is served, users as it was trained: with one of each they must be the same.
    if (models.length === 1) return [{ key, model: undefined, members }];
    return models.map((model) => ({
      key: `${key}/${model}`,
      model,
      members: members.filter(({ variant }) => variant.model === model),
    }));
  });
}

function coreVariant({ variant, replicas }: VariantSituation) {
  const { key, role, cost, minReplicas, maxReplicas, target, ownedByHpa, idleMs } = variant;
  return {
    ...{ key, role, cost, minReplicas, maxReplicas },
    specReplicas: target.specReplicas,
    replicas: replicas.map(({ replica }) => replica),
    writable: ownedByHpa === undefined,
    ...(idleMs === undefined ? {} : { idleMs }),
  };
}
