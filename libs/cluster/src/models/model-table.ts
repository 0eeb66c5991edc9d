import type { InferenceModel, InferenceModelRewrite } from '@penstock/contracts';

/** Rule that sends a model name to weighted targets in a pool. */
export interface ModelRule {
  /** Which object decides, for people: `InferenceModel llm-d/llama-70b`. */
  readonly rule: string;
  readonly pool: { readonly namespace: string; readonly name: string };
  /** Weights are not negative; the sum is above 0. */
  readonly targets: ReadonlyArray<{ readonly model: string; readonly weight: number }>;
  /** Critical 100, Standard 0, Sheddable -100; absent when the object does not say. */
  readonly priority?: number;
}

/** Which rule applies to which model name. */
export interface ModelTable {
  readonly exact: ReadonlyMap<string, ModelRule>;
  /** For names without a rule of their own. */
  readonly generic?: ModelRule;
}

const PRIORITIES = { Critical: 100, Standard: 0, Sheddable: -100 } as const;

/**
 * Orders all rules into a table. For one model name: an InferenceModelRewrite that names it, then an
 * InferenceModel, then a rewrite without matches; among equals the oldest object, then the order of rules.
 */
export function modelTable(
  models: readonly InferenceModel[],
  rewrites: readonly InferenceModelRewrite[],
): ModelTable {
  const exact = new Map<string, ModelRule>();
  let generic: ModelRule | undefined;
  for (const rewrite of oldestFirst(rewrites)) {
    rewrite.spec.rules.forEach((rule, index) => {
      const entry = rewriteRule(rewrite, rule.targets, index);
      const names = (rule.matches ?? []).flatMap((match) => match.model?.value ?? []);
      // A match without a model, like no match at all, takes every name.
      if (names.length < (rule.matches?.length ?? 0) || names.length === 0) generic ??= entry;
      for (const name of names) if (!exact.has(name)) exact.set(name, entry);
    });
  }
  for (const model of oldestFirst(models)) {
    const name = model.spec.modelName;
    if (!exact.has(name)) exact.set(name, modelRule(model));
  }
  return { exact, ...(generic === undefined ? {} : { generic }) };
}

function rewriteRule(
  rewrite: InferenceModelRewrite,
  targets: InferenceModelRewrite['spec']['rules'][number]['targets'],
  index: number,
): ModelRule {
  const { namespace = 'default', name } = rewrite.metadata;
  return {
    rule: `InferenceModelRewrite ${namespace}/${name} rule ${index}`,
    pool: { namespace, name: rewrite.spec.poolRef.name },
    targets: weighted(targets.map(({ modelRewrite, weight }) => ({ model: modelRewrite, weight }))),
  };
}

function modelRule(model: InferenceModel): ModelRule {
  const { namespace = 'default', name } = model.metadata;
  const { modelName, targetModels = [], poolRef, criticality } = model.spec;
  const targets = targetModels.length === 0 ? [{ name: modelName, weight: 1 }] : targetModels;
  return {
    rule: `InferenceModel ${namespace}/${name}`,
    pool: { namespace, name: poolRef.name },
    targets: weighted(targets.map((target) => ({ model: target.name, weight: target.weight }))),
    ...(criticality === undefined ? {} : { priority: PRIORITIES[criticality] }),
  };
}

/** Without weights, or when all of them are 0, every target gets the same share. */
function weighted(targets: ReadonlyArray<{ model: string; weight?: number }>): ModelRule['targets'] {
  const equal = targets.every((target) => !target.weight);
  return targets.map(({ model, weight }) => ({ model, weight: equal ? 1 : (weight ?? 0) }));
}

function oldestFirst<T extends InferenceModel | InferenceModelRewrite>(objects: readonly T[]): T[] {
  const age = (object: T) => {
    const { creationTimestamp, namespace, name } = object.metadata;
    // An object without a time is not stored yet: it comes last.
    return `${creationTimestamp ?? '9999'} ${namespace ?? 'default'}/${name}`;
  };
  return [...objects].sort((a, b) => (age(a) < age(b) ? -1 : 1));
}
