import {
  type InferencePool,
  type InferencePoolV1Alpha2,
  inferencePoolKind,
  inferencePoolV1Alpha2Kind,
  type Pod,
  podKind,
} from '@penstock/contracts';
import type { Cluster, Informer } from '@penstock/core/ports';
import { endpointsOf } from './endpoints-of.js';
import type { Pool, PoolProblem } from './pool.js';
import { diffPools, type PoolChange, type PoolView } from './pool-change.js';
import { type PoolObject, poolObjects } from './pool-object.js';

export interface PoolDirectoryOptions {
  /** Pools of this namespace only; all namespaces when absent. */
  readonly namespace?: string;
  /** Changes within this time are told together; 50 ms. */
  readonly debounceMs?: number;
}

export type PoolListener = (changes: readonly PoolChange[]) => void;

/**
 * The pools of the cluster and their endpoints, as last seen.
 *
 * Watches both InferencePool versions, and per selector the pods that it takes. A pool appears when its
 * pods are known; while a changed selector is being listed, the endpoints of the old one stay.
 */
export class PoolDirectory {
  readonly #cluster: Cluster;
  readonly #debounceMs: number;
  readonly #v1: Informer<InferencePool>;
  readonly #v1alpha2: Informer<InferencePoolV1Alpha2>;
  /** By namespace and selector: pools that select the same pods share one watch. */
  readonly #pods = new Map<string, Informer<Pod>>();
  readonly #listeners = new Set<PoolListener>();
  #views: readonly PoolView[] = [];
  #problems: readonly PoolProblem[] = [];
  #timer: NodeJS.Timeout | undefined;
  #synced = false;
  #stopped = false;

  constructor(cluster: Cluster, options: PoolDirectoryOptions = {}) {
    this.#cluster = cluster;
    this.#debounceMs = options.debounceMs ?? 50;
    const scope = { namespace: options.namespace };
    const handlers = { onUpsert: this.#touch, onDelete: this.#touch, onSync: this.#touch };
    this.#v1 = cluster.inform(inferencePoolKind, scope, handlers);
    this.#v1alpha2 = cluster.inform(inferencePoolV1Alpha2Kind, scope, handlers);
  }

  /** True once pools and their pods were listed; stays true while the API is away. */
  get synced(): boolean {
    return this.#synced;
  }

  /** Age of the oldest information in here, milliseconds. */
  ageMs(): number {
    return Math.max(...this.#informers().map((informer) => informer.ageMs()));
  }

  pools(): readonly PoolView[] {
    return this.#views;
  }

  get(namespace: string, name: string): PoolView | undefined {
    return this.#views.find(({ pool }) => pool.namespace === namespace && pool.name === name);
  }

  /** Pool objects as last seen, with what is made of each. */
  objects(): PoolObject[] {
    return poolObjects(this.#v1.list(), this.#v1alpha2.list());
  }

  /** Pool objects that are not served, with the reason. */
  problems(): readonly PoolProblem[] {
    return this.#problems;
  }

  /**
   * Calls the listener with every change from now on; the first call brings what the first sync found.
   *
   * @returns a function that ends it
   */
  onChange(listener: PoolListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await Promise.all(this.#informers().map((informer) => informer.stop()));
  }

  readonly #touch = (): void => {
    if (this.#stopped || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#refresh();
    }, this.#debounceMs);
  };

  #refresh(): void {
    if (!this.#v1.synced || !this.#v1alpha2.synced) return;
    const { pools, problems } = this.#readPools();
    this.#problems = problems;
    this.#followPods(pools);
    const views: PoolView[] = [];
    let complete = true;
    for (const pool of pools) {
      const informer = this.#pods.get(podsKey(pool));
      if (informer?.synced === true) {
        views.push({ pool, endpoints: endpointsOf(pool, informer.list()) });
      } else {
        complete = false;
        const known = this.get(pool.namespace, pool.name);
        if (known !== undefined) views.push({ pool, endpoints: known.endpoints });
      }
    }
    // Before everything was listed once, a missing engine would look like one that is gone.
    if (!this.#synced && !complete) return;
    this.#synced = true;
    const changes = diffPools(this.#views, views);
    this.#views = views;
    if (changes.length > 0) for (const listener of [...this.#listeners]) tell(listener, changes);
  }

  #readPools(): { pools: Pool[]; problems: PoolProblem[] } {
    const pools = new Map<string, Pool>();
    const problems: PoolProblem[] = [];
    for (const { pool: read, object, problem } of this.objects()) {
      const { namespace = 'default', name } = object.metadata;
      if (problem !== undefined) {
        const { reason: _reason, ...rest } = problem;
        problems.push(rest);
      }
      // A pool that became invalid is served as it was: a typing error must not stop its engines.
      const pool = read ?? this.get(namespace, name)?.pool;
      if (pool !== undefined && !pools.has(`${namespace}/${name}`)) pools.set(`${namespace}/${name}`, pool);
    }
    problems.sort((a, b) => (a.problem < b.problem ? -1 : 1));
    return { pools: [...pools.values()], problems };
  }

  /** Starts the watches of new selectors and stops those that no pool uses any more. */
  #followPods(pools: readonly Pool[]): void {
    const wanted = new Map(pools.map((pool) => [podsKey(pool), pool]));
    for (const [key, pool] of wanted) {
      if (this.#pods.has(key)) continue;
      const options = { namespace: pool.namespace, labelSelector: labelSelector(pool) };
      const handlers = { onUpsert: this.#touch, onDelete: this.#touch, onSync: this.#touch };
      this.#pods.set(key, this.#cluster.inform(podKind, options, handlers));
    }
    for (const [key, informer] of this.#pods) {
      if (wanted.has(key)) continue;
      this.#pods.delete(key);
      void informer.stop();
    }
  }

  #informers(): Array<Pick<Informer<Pod>, 'ageMs' | 'stop'>> {
    return [this.#v1, this.#v1alpha2, ...this.#pods.values()];
  }
}

/** One listener that throws must neither end the process nor keep the change from the others. */
function tell(listener: PoolListener, changes: readonly PoolChange[]): void {
  try {
    listener(changes);
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.emitWarning(`a listener of the pools failed: ${what}`);
  }
}

/** `app=engine,llm-d.ai/role=decode`: equality only, in a fixed order. */
function labelSelector(pool: Pool): string {
  return Object.entries(pool.selector)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',');
}

function podsKey(pool: Pool): string {
  return `${pool.namespace}?${labelSelector(pool)}`;
}
