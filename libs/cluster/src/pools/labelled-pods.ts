import { type Pod, podKind } from '@penstock/contracts';
import type { Cluster, Informer } from '@penstock/core/ports';

export interface LabelledPodsOptions {
  /** As Kubernetes writes it: `app=engine,tier in (a,b)`. */
  readonly labelSelector: string;
  /** Pods of this namespace only; all namespaces when absent. */
  readonly namespace?: string;
  /** Changes within this time are told together; 50 ms. */
  readonly debounceMs?: number;
}

/** The pods that carry some labels, as last seen. */
export class LabelledPods {
  readonly #informer: Informer<Pod>;
  readonly #debounceMs: number;
  readonly #listeners = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;

  constructor(cluster: Cluster, { labelSelector, namespace, debounceMs = 50 }: LabelledPodsOptions) {
    this.#debounceMs = debounceMs;
    const touch = () => this.#touch();
    const handlers = { onUpsert: touch, onDelete: touch, onSync: touch };
    this.#informer = cluster.inform(podKind, { namespace, labelSelector }, handlers);
  }

  /** True once the pods were listed; stays true while the API is away. */
  get synced(): boolean {
    return this.#informer.synced;
  }

  pods(): readonly Pod[] {
    return this.#informer.list();
  }

  /** Calls the listener after every change. @returns a function that ends it */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#listeners.clear();
    await this.#informer.stop();
  }

  #touch(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      for (const listener of [...this.#listeners]) listener();
    }, this.#debounceMs);
  }
}
