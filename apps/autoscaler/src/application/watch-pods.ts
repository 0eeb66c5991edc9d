import { type Pod, podKind } from '@penstock/contracts';
import type { Cluster, Informer } from '@penstock/core/ports';
import { type Target, targetKey } from './target.js';

interface Watched {
  readonly selector: string;
  readonly informer: Informer<Pod>;
}

/** The pods of every scale target: one watch per target, so that other pods of the cluster cost nothing. */
export class PodWatch {
  private readonly watched = new Map<string, Watched>();

  constructor(private readonly cluster: Cluster) {}

  /** Begins to watch the pods of new targets and stops for others. */
  follow(targets: readonly Target[]): void {
    const wanted = new Set(targets.map(targetKey));
    for (const [key, { informer }] of this.watched) {
      if (wanted.has(key)) continue;
      this.watched.delete(key);
      void informer.stop();
    }
    for (const target of targets) this.begin(target);
  }

  /** Undefined until they were listed, and for a target whose pods cannot be told from others. */
  pods(target: Target): readonly Pod[] | undefined {
    const informer = this.watched.get(targetKey(target))?.informer;
    return informer?.synced ? informer.list() : undefined;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.watched.values()].map(({ informer }) => informer.stop()));
    this.watched.clear();
  }

  private begin(target: Target): void {
    const key = targetKey(target);
    const selector = Object.entries(target.selector)
      .map(([label, value]) => `${label}=${value}`)
      .join(',');
    const known = this.watched.get(key);
    if (known?.selector === selector) return;
    void known?.informer.stop();
    this.watched.delete(key);
    if (selector === '') return;
    const options = { namespace: target.namespace, labelSelector: selector };
    const informer = this.cluster.inform(podKind, options);
    this.watched.set(key, { selector, informer });
  }
}
