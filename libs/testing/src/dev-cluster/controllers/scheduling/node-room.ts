import type { ApiObject } from '../../object/api-object.js';
import { amounts, podRequests } from './pod-requests.js';

/** What is left of each node's allocatable resources, kept up to date while pods are given nodes. */
export class NodeRoom {
  private readonly free = new Map<string, Map<string, number>>();

  constructor(
    readonly nodes: readonly ApiObject[],
    pods: readonly ApiObject[],
  ) {
    for (const node of nodes) this.free.set(node.metadata.name, amounts(node.status?.['allocatable']));
    for (const pod of pods) {
      const hasEnded = ['Succeeded', 'Failed'].includes(String(pod.status?.['phase']));
      if (!hasEnded && pod.spec?.['nodeName']) this.take(String(pod.spec['nodeName']), pod);
    }
  }

  freeOf(node: string, resource: string): number {
    return this.free.get(node)?.get(resource) ?? 0;
  }

  take(node: string, pod: ApiObject): void {
    const free = this.free.get(node);
    if (!free) return;
    free.set('pods', (free.get('pods') ?? 0) - 1);
    for (const [name, amount] of podRequests(pod)) free.set(name, (free.get(name) ?? 0) - amount);
  }
}
