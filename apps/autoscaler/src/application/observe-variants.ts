import type { VariantSituation } from './evaluate-pools.js';
import { type IsLeaving, replicasOf } from './replica-view.js';
import { resolveVariants } from './resolve-variants.js';
import type { Target } from './target.js';
import type { ResolvedVariant, VariantProblem } from './variant-view.js';
import type { ObjectWatch } from './watch-objects.js';
import type { PodWatch } from './watch-pods.js';

/** All variants at one moment. */
export interface Observation {
  /** Targets that are scaled here. */
  readonly targets: readonly Target[];
  readonly situations: readonly VariantSituation[];
  readonly problems: readonly VariantProblem[];
  /** Variants of pools that are left out because pods were not listed yet, by key. */
  readonly waiting: readonly string[];
  /** Uids of all pods of the targets. */
  readonly podUids: ReadonlySet<string>;
}

/**
 * Every variant with its replicas. A pool of which the pods of one variant were not listed yet is left out as a whole:
 * half of its capacity would be mistaken for all.
 */
export function observeVariants(objects: ObjectWatch, pods: PodWatch, isLeaving: IsLeaving): Observation {
  const { variants, problems } = resolveVariants(objects.variants(), objects);
  pods.follow(variants.map(({ target }) => target));
  const podUids = new Set<string>();
  const unlisted = new Set<string>();
  const situations = variants.flatMap((variant): VariantSituation[] => {
    const list = pods.pods(variant.target);
    if (!list) {
      unlisted.add(`${variant.pool.namespace}/${variant.pool.name}`);
      return [];
    }
    for (const { metadata } of list) podUids.add(metadata.uid ?? '');
    return [{ variant, replicas: replicasOf(variant.target, list, isLeaving) }];
  });
  const isWhole = ({ pool }: ResolvedVariant) => !unlisted.has(`${pool.namespace}/${pool.name}`);
  return {
    targets: variants.filter(({ ownedByHpa }) => ownedByHpa === undefined).map(({ target }) => target),
    situations: situations.filter(({ variant }) => isWhole(variant)),
    problems,
    waiting: variants.filter((variant) => !isWhole(variant)).map(({ key }) => key),
    podUids,
  };
}
