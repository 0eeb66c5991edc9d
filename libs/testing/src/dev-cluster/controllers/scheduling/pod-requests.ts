import type { ApiObject, Json, JsonObject } from '../../object/api-object.js';
import { isObject, valueAt } from '../../object/json.js';
import { parseQuantity } from '../../object/quantity.js';

const objects = (value: Json | undefined): JsonObject[] =>
  Array.isArray(value) ? value.filter(isObject) : [];

type Amounts = Map<string, number>;

/**
 * What a pod asks of a node, by resource name: its containers and sidecars together, or what an init container needs
 * beside the sidecars before it where that is more, and the overhead of running it.
 */
export function podRequests({ spec = {} }: ApiObject): ReadonlyMap<string, number> {
  const sidecars: Amounts = new Map();
  const starting: Amounts = new Map();
  for (const container of objects(spec['initContainers'])) {
    const own = amounts(valueAt(container, ['resources', 'requests']));
    if (container['restartPolicy'] === 'Always') add(sidecars, own);
    const needed: Amounts = new Map(sidecars);
    if (container['restartPolicy'] !== 'Always') add(needed, own);
    for (const [name, amount] of needed) starting.set(name, Math.max(starting.get(name) ?? 0, amount));
  }
  const total: Amounts = new Map(sidecars);
  for (const container of objects(spec['containers']))
    add(total, amounts(valueAt(container, ['resources', 'requests'])));
  for (const [name, amount] of starting) total.set(name, Math.max(total.get(name) ?? 0, amount));
  add(total, amounts(spec['overhead']));
  return total;
}

/** Quantities by name as numbers. */
export function amounts(quantities: Json | undefined): Amounts {
  const entries = Object.entries(isObject(quantities) ? quantities : {});
  return new Map(entries.map(([name, quantity]) => [name, parseQuantity(quantity)]));
}

function add(total: Amounts, more: ReadonlyMap<string, number>): void {
  for (const [name, amount] of more) total.set(name, (total.get(name) ?? 0) + amount);
}
