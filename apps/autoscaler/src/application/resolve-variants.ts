import { matchesLabels, type Pool } from '@penstock/cluster';
import {
  apiVersionOf,
  type HorizontalPodAutoscaler,
  POOL_ANNOTATION,
  ROLE_LABEL,
  type VariantAutoscaling,
  variantAutoscalingSchema,
} from '@penstock/contracts';
import type { Role } from '@penstock/core/scaling';
import { parseDuration } from './parse-duration.js';
import { type Target, targetKey } from './target.js';
import { TARGET_KINDS } from './target-kinds.js';
import type { ProblemReason, ResolvedVariant, VariantProblem } from './variant-view.js';

/** Annotation of a VariantAutoscaling: time without a request after which its last replica goes, such as `10m`. */
export const SCALE_TO_ZERO_ANNOTATION = 'penstock.dev/scale-to-zero-after';

/** What variants refer to, as last seen. */
export interface ReferencedObjects {
  readonly pools: readonly Pool[];
  readonly autoscalers: readonly HorizontalPodAutoscaler[];
  /** Undefined when there is no such object. */
  target(kind: string, namespace: string, name: string): Target | undefined;
}

/** Finds target, pool and role of every variant, or says why not. Of several on one target the oldest has it. */
export function resolveVariants(
  objects: readonly VariantAutoscaling[],
  referenced: ReferencedObjects,
): { variants: ResolvedVariant[]; problems: VariantProblem[] } {
  const variants: ResolvedVariant[] = [];
  const problems: VariantProblem[] = [];
  const taken = new Map<string, string>();
  for (const object of [...objects].sort(oldestFirst)) {
    const outcome = resolve(object, referenced, taken);
    if ('reason' in outcome) problems.push(outcome);
    else variants.push(outcome);
  }
  return { variants, problems };
}

function resolve(
  object: VariantAutoscaling,
  referenced: ReferencedObjects,
  taken: Map<string, string>,
): ResolvedVariant | VariantProblem {
  const { name, namespace = 'default', annotations } = object.metadata;
  const key = `${namespace}/${name}`;
  const refuse = (reason: ProblemReason, message: string): VariantProblem => ({
    key,
    object,
    reason,
    message,
  });
  const parsed = variantAutoscalingSchema.safeParse(object);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      (issue) => `${issue.path.map(String).join('.')}: ${issue.message}`,
    );
    return refuse('InvalidConfiguration', problems.join('; '));
  }
  const { spec } = parsed.data;
  const idle = annotations?.[SCALE_TO_ZERO_ANNOTATION];
  const idleMs = idle === undefined ? undefined : parseDuration(idle);
  if (idle !== undefined && idleMs === undefined) {
    return refuse(
      'InvalidConfiguration',
      `annotation ${SCALE_TO_ZERO_ANNOTATION}: "${idle}" is no duration; write for example 10m`,
    );
  }
  const { apiVersion, kind, name: targetName } = spec.scaleTargetRef;
  const known = TARGET_KINDS.find(
    (each) => each.kind.kind === kind && isGroupOf(apiVersion, each.kind.group),
  );
  if (!known) return refuse('UnsupportedKind', unsupported(apiVersion, kind));
  const target = referenced.target(kind, namespace, targetName);
  if (!target)
    return refuse('TargetNotFound', `there is no ${kind} "${targetName}" in namespace ${namespace}`);
  if (Object.keys(target.selector).length === 0) {
    const message = `the selector of ${kind} "${targetName}" has no matchLabels, by which its pods could be found`;
    return refuse('InvalidConfiguration', message);
  }
  const first = taken.get(targetKey(target));
  if (first !== undefined) {
    return refuse(
      'TargetShared',
      `${kind} "${targetName}" is scaled by the older VariantAutoscaling "${first}": delete one of them`,
    );
  }
  taken.set(targetKey(target), name);
  const pool = poolOfTarget(target, referenced.pools, annotations?.[POOL_ANNOTATION]);
  if (!pool) return refuse('PoolNotFound', noPool(target, annotations?.[POOL_ANNOTATION]));
  const owner = referenced.autoscalers.find((hpa) => scales(hpa, target));
  return {
    key,
    object,
    target,
    pool,
    role: roleOf(target, pool),
    model: spec.modelID,
    cost: Number(spec.variantCost),
    minReplicas: spec.minReplicas,
    maxReplicas: spec.maxReplicas,
    ...(idleMs === undefined ? {} : { idleMs }),
    ...(owner ? { ownedByHpa: owner.metadata.name } : {}),
  };
}

/** The pool that is named, else the first by name whose selector takes the target's pods, else the only one. */
function poolOfTarget(target: Target, pools: readonly Pool[], named: string | undefined): Pool | undefined {
  const near = pools.filter((pool) => pool.namespace === target.namespace);
  if (named !== undefined) return near.find((pool) => pool.name === named);
  const matching = near.filter((pool) =>
    target.podLabels.some((labels) => matchesLabels(pool.selector, labels)),
  );
  const [first] = matching.sort((a, b) => (a.name < b.name ? -1 : 1));
  return first ?? (near.length === 1 ? near[0] : undefined);
}

/** Role of the engines in a replica; a replica that has engines of several roles serves whole requests. */
function roleOf(target: Target, pool: Pool): Role {
  const engines = target.podLabels.filter((labels) => matchesLabels(pool.selector, labels));
  const labelled = engines.length > 0 ? engines : target.podLabels;
  const roles = new Set(labelled.map((labels) => labels[ROLE_LABEL] ?? 'both'));
  const [role] = roles;
  return roles.size === 1 && (role === 'prefill' || role === 'decode' || role === 'batch') ? role : 'both';
}

function scales({ metadata, spec }: HorizontalPodAutoscaler, target: Target): boolean {
  const { apiVersion, kind, name } = spec.scaleTargetRef;
  const near = (metadata.namespace ?? 'default') === target.namespace;
  return (
    near && kind === target.kind.kind && name === target.name && isGroupOf(apiVersion, target.kind.group)
  );
}

/** Whatever the version; without apiVersion any group. */
function isGroupOf(apiVersion: string | undefined, group: string): boolean {
  return apiVersion === undefined || apiVersion === '' || apiVersion.split('/')[0] === group;
}

function oldestFirst({ metadata: a }: VariantAutoscaling, { metadata: b }: VariantAutoscaling): number {
  const [ageA, ageB] = [a.creationTimestamp ?? '', b.creationTimestamp ?? ''];
  if (ageA !== ageB) return ageA < ageB ? -1 : 1;
  return `${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1;
}

function unsupported(apiVersion: string | undefined, kind: string): string {
  const kinds = TARGET_KINDS.map((each) => `${each.kind.kind} (${apiVersionOf(each.kind)})`).join(', ');
  return `${kind}${apiVersion ? ` of ${apiVersion}` : ''} cannot be scaled; use one of ${kinds}`;
}

function noPool(target: Target, named: string | undefined): string {
  return named === undefined
    ? `no InferencePool of namespace ${target.namespace} selects the pods of ${target.kind.kind} "${target.name}"; name one in the annotation ${POOL_ANNOTATION}`
    : `annotation ${POOL_ANNOTATION}: there is no InferencePool "${named}" in namespace ${target.namespace}`;
}
