import type { ApiObject, Json, JsonObject } from '../object/api-object.js';
import { isObject, valueAt } from '../object/json.js';
import { parseQuantity } from '../object/quantity.js';

export interface NodeChoice {
  readonly node?: ApiObject;
  /** Why there is none, counted by reason as the real scheduler words it. */
  readonly why: string;
}

/**
 * The node a pod fits on: by nodeSelector, unschedulable mark, pod count and requested resources; of several the
 * one with the most free GPUs, then the first by name.
 */
export function findNode(
  pod: ApiObject,
  nodes: readonly ApiObject[],
  pods: readonly ApiObject[],
): NodeChoice {
  const wanted = requestsOf(pod);
  const reasons = new Map<string, number>();
  let best: { node: ApiObject; freeGpus: number } | undefined;
  for (const node of nodes) {
    const free = freeResources(node, pods);
    const problem = misfit(pod, node, wanted, free);
    const freeGpus = free.get('nvidia.com/gpu') ?? 0;
    if (problem) reasons.set(problem, (reasons.get(problem) ?? 0) + 1);
    else if (!best || freeGpus > best.freeGpus) best = { node, freeGpus };
  }
  const counts = [...reasons].map(([reason, count]) => `${count} ${reason}`).join(', ');
  return {
    node: best?.node,
    why: `0/${nodes.length} nodes are available: ${counts || 'there are no nodes'}.`,
  };
}

function misfit(
  pod: ApiObject,
  node: ApiObject,
  wanted: ReadonlyMap<string, number>,
  free: ReadonlyMap<string, number>,
): string | undefined {
  if (node.spec?.['unschedulable'] === true) return 'node(s) were unschedulable';
  const selector = pod.spec?.['nodeSelector'];
  const labels = node.metadata.labels ?? {};
  if (isObject(selector) && !Object.entries(selector).every(([key, value]) => labels[key] === value)) {
    return "node(s) didn't match Pod's node affinity/selector";
  }
  if ((free.get('pods') ?? 0) < 1) return 'Too many pods';
  for (const [resource, amount] of wanted)
    if ((free.get(resource) ?? 0) < amount) return `Insufficient ${resource}`;
  return undefined;
}

function freeResources(node: ApiObject, pods: readonly ApiObject[]): Map<string, number> {
  const free = new Map<string, number>();
  const allocatable = node.status?.['allocatable'];
  for (const [name, amount] of Object.entries(isObject(allocatable) ? allocatable : {}))
    free.set(name, parseQuantity(amount));
  for (const pod of pods) {
    if (pod.spec?.['nodeName'] !== node.metadata.name) continue;
    if (['Succeeded', 'Failed'].includes(String(pod.status?.['phase']))) continue;
    free.set('pods', (free.get('pods') ?? 0) - 1);
    for (const [name, amount] of requestsOf(pod)) free.set(name, (free.get(name) ?? 0) - amount);
  }
  return free;
}

/** What the containers of a pod ask for together, by resource name. */
function requestsOf(pod: ApiObject): Map<string, number> {
  const total = new Map<string, number>();
  const containers: Json | undefined = pod.spec?.['containers'];
  for (const container of Array.isArray(containers) ? containers : []) {
    const requests = valueAt(container as JsonObject, ['resources', 'requests']);
    for (const [name, amount] of Object.entries(isObject(requests) ? requests : {})) {
      total.set(name, (total.get(name) ?? 0) + parseQuantity(amount));
    }
  }
  return total;
}
