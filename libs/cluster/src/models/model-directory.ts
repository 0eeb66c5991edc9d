import {
  type InferenceModel,
  type InferenceModelRewrite,
  inferenceModelKind,
  inferenceModelRewriteKind,
  inferenceModelRewriteSchema,
  inferenceModelSchema,
} from '@penstock/contracts';
import type { Cluster, Informer } from '@penstock/core/ports';
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
  #problems: string[] = [];

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
    return this.#problems;
  }

  async stop(): Promise<void> {
    await Promise.all([this.#models.stop(), this.#rewrites.stop()]);
  }

  #current(): ModelTable {
    if (this.#table === undefined) {
      this.#problems = [];
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
    this.#problems.push(`${object.kind} ${namespace ?? 'default'}/${name} is invalid: ${what}`);
    return false;
  }
}
