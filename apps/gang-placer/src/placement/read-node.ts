import type { Node } from '@penstock/contracts';
import { type PlacementNode, quantityUnits } from '@penstock/core/placement';

const known = new WeakMap<Node, PlacementNode>();

/** A node as placement sees it. One that says nothing of its readiness counts as ready. */
export function readNode(node: Node): PlacementNode {
  let read = known.get(node);
  if (!read) {
    const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
    read = {
      name: node.metadata.name,
      labels: node.metadata.labels ?? {},
      taints: node.spec?.taints ?? [],
      unschedulable: node.spec?.unschedulable ?? false,
      ready: ready === undefined || ready.status === 'True',
      allocatable: amounts(node.status?.allocatable ?? {}),
    };
    known.set(node, read);
  }
  return read;
}

/** An amount that cannot be read counts as nothing: nodes are written by many. */
function amounts(quantities: Readonly<Record<string, string | number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(quantities).map(([name, quantity]) => {
      try {
        return [name, quantityUnits(name, quantity, 'down')];
      } catch {
        return [name, 0];
      }
    }),
  );
}
