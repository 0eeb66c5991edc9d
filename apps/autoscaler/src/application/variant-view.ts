import type { Pool } from '@penstock/cluster';
import type { VariantAutoscaling } from '@penstock/contracts';
import type { Role } from '@penstock/core/scaling';
import type { Target } from './target.js';

/** A VariantAutoscaling with everything it refers to. */
export interface ResolvedVariant {
  /** `<namespace>/<name>`. */
  readonly key: string;
  readonly object: VariantAutoscaling;
  readonly target: Target;
  readonly pool: Pool;
  readonly role: Role;
  readonly model: string;
  readonly cost: number;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly idleMs?: number;
  /** Name of the HorizontalPodAutoscaler that scales the target; then nobody else does. */
  readonly ownedByHpa?: string;
}

/** Why a VariantAutoscaling cannot be acted upon: reason of its condition. */
export type ProblemReason =
  | 'InvalidConfiguration'
  | 'UnsupportedKind'
  | 'TargetNotFound'
  | 'TargetShared'
  | 'PoolNotFound';

export interface VariantProblem {
  readonly key: string;
  readonly object: VariantAutoscaling;
  readonly reason: ProblemReason;
  /** What is wrong, and how to fix it. */
  readonly message: string;
}
