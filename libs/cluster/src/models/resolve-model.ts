import type { InferenceModel, InferenceModelRewrite } from '@penstock/contracts';
import { type ModelTable, modelTable } from './model-table.js';

export interface ModelResolution {
  /** Pool that serves the model; absent when no object says so. */
  readonly pool?: { readonly namespace: string; readonly name: string };
  /** Name to send to the engine. */
  readonly targetModel: string;
  /** Which object decided, for people; `none` when no object names the model. */
  readonly rule: string;
  /** Critical 100, Standard 0, Sheddable -100; absent when no object says. */
  readonly priority?: number;
}

/**
 * The pool and the target of a requested model name.
 *
 * @param draw uniform in [0, 1): chooses among weighted targets
 */
export function resolveModel(
  models: readonly InferenceModel[],
  rewrites: readonly InferenceModelRewrite[],
  modelName: string,
  draw: number,
): ModelResolution {
  return resolveInTable(modelTable(models, rewrites), modelName, draw);
}

/** As `resolveModel`, on a table that was made before. */
export function resolveInTable(table: ModelTable, modelName: string, draw: number): ModelResolution {
  const rule = table.exact.get(modelName) ?? table.generic;
  if (rule === undefined) return { targetModel: modelName, rule: 'none' };
  const total = rule.targets.reduce((sum, target) => sum + target.weight, 0);
  let left = draw * total;
  let targetModel = '';
  for (const target of rule.targets) {
    if (target.weight === 0) continue;
    targetModel = target.model;
    left -= target.weight;
    if (left < 0) break;
  }
  const priority = rule.priority === undefined ? {} : { priority: rule.priority };
  return { pool: rule.pool, targetModel, rule: rule.rule, ...priority };
}
