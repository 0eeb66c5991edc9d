import {
  type InferenceModel,
  type InferenceModelRewrite,
  inferenceModelKind,
  inferenceModelRewriteKind,
  inferenceModelRewriteSchema,
  inferenceModelSchema,
} from '@penstock/contracts';
import type { Cluster, Informer } from '@penstock/core/ports';
import type { ModelClaim } from './model-claim.js';
import { type ModelTable, modelTable } from './model-table.js';
import { type ModelResolution, resolveInTable } from './resolve-model.js';

export interface ModelDirectoryOptions {
  /** Objects of this namespace only; all namespaces when absent. */
  readonly namespace?: string;
}

/** InferenceModels and InferenceModelRewrites of the cluster, as last seen, ready to resolve model names. */
export class ModelDirectory {
  readonly #models: Informer<InferenceModel>;
  readonly #rewrites: Informer<InferenceModelRewrite>;
  #table: ModelTable | undefined;
  /** By `<kind> <namespace>/<name>`. */
  readonly #invalid = new Map<string, string>();

  constructor(cluster: Cluster, options: ModelDirectoryOptions = {}) {
    const scope = { namespace: options.namespace };
    const touch = () => {
      this.#table = undefined;
    };
    const handlers = { onUpsert: touch, onDelete: touch, onSync: touch };
    this.#models = cluster.inform(inferenceModelKind, scope, handlers);
    this.#rewrites = cluster.inform(inferenceModelRewriteKind, scope, handlers);
  }

  get synced(): boolean {
    return this.#models.synced && this.#rewrites.synced;
  }

  /** Age of the oldest information in here, milliseconds. */
  ageMs(): number {
    return Math.max(this.#models.ageMs(), this.#rewrites.ageMs());
  }

  /**
   * The pool and the target of a requested model name, from memory.
   *
   * @param draw uniform in [0, 1): chooses among weighted targets
   */
  resolve(modelName: string, draw: number): ModelResolution {
    return resolveInTable(this.#current(), modelName, draw);
  }

  /** Names that clients can ask for because an object names them, sorted. */
  modelNames(): string[] {
    return [...this.#current().exact.keys()].sort();
  }

  /** Objects that are ignored because they are invalid, each with the reason. */
  problems(): readonly string[] {
    this.#current();
    return [...this.#invalid.values()];
  }

  /** Every target that an object sends to a pool, the heaviest share of its rule first, without repeats. */
  targetsOf(namespace: string, pool: string): string[] {
    const { exact, generic } = this.#current();
    const targets = new Set<string>();
    for (const rule of [...exact.values(), ...(generic ? [generic] : [])]) {
      if (rule.pool.namespace !== namespace || rule.pool.name !== pool) continue;
      for (const { model } of [...rule.targets].sort((a, b) => b.weight - a.weight)) targets.add(model);
    }
    return [...targets];
  }

  /** Every object as last seen, with what is made of it. */
  claims(): ModelClaim[] {
    const { exact } = this.#current();
    return [...this.#models.list(), ...this.#rewrites.list()].map((object): ModelClaim => {
      const { namespace = 'default', name } = object.metadata;
      const own = `${object.kind} ${namespace}/${name}`;
      const invalid = this.#invalid.get(own);
      if (invalid !== undefined) return { object, invalid };
      // A rewrite has many names and may share them; only models are told apart by theirs.
      if (!('modelName' in object.spec)) return { object };
      const rule = exact.get(object.spec.modelName);
      if (rule === undefined) return { object };
      return rule.rule === own ? { object, rule } : { object, takenBy: rule.rule };
    });
  }

  async stop(): Promise<void> {
    await Promise.all([this.#models.stop(), this.#rewrites.stop()]);
  }

  #current(): ModelTable {
    if (this.#table === undefined) {
      this.#invalid.clear();
      const models = this.#models.list().filter((object) => this.#isValid(object, inferenceModelSchema));
      const rewrites = this.#rewrites
        .list()
        .filter((object) => this.#isValid(object, inferenceModelRewriteSchema));
      this.#table = modelTable(models, rewrites);
    }
    return this.#table;
  }

  #isValid(
    object: InferenceModel | InferenceModelRewrite,
    schema: typeof inferenceModelSchema | typeof inferenceModelRewriteSchema,
  ): boolean {
    const parsed = schema.safeParse(object);
    if (parsed.success) return true;
    const { namespace, name } = object.metadata;
    const what = parsed.error.issues
      .map((issue) => `${issue.path.map(String).join('.')}: ${issue.message}`)
      .join('; ');
    const own = `${object.kind} ${namespace ?? 'default'}/${name}`;
    this.#invalid.set(own, `${own} is invalid: ${what}`);
    return false;
  }
}
