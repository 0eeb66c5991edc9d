import type { PlacementNode } from './types.js';

/** One level of the topology: the nodes grouped by the value of a label. */
export class TopologyLevel {
  /** Values of the label, in order. */
  readonly domains: readonly string[];
  /** Domain of every node; -1 where the label is missing. */
  readonly domainOf: Int32Array;

  constructor(
    readonly key: string,
    nodes: readonly PlacementNode[],
  ) {
    const values = new Set<string>();
    for (const { labels } of nodes) if (labels[key] !== undefined) values.add(labels[key]);
    this.domains = [...values].sort();
    const index = new Map(this.domains.map((value, i) => [value, i]));
    this.domainOf = Int32Array.from(nodes, ({ labels }) => index.get(labels[key] ?? '') ?? -1);
    // An empty value is a value; a missing label is not.
    nodes.forEach(({ labels }, i) => {
      if (labels[key] === undefined) this.domainOf[i] = -1;
    });
  }

  /** Nodes of the list in each domain; those without the label in none. */
  split(nodes: Int32Array): Map<number, Int32Array> {
    const lists = new Map<number, number[]>();
    for (const node of nodes) {
      const domain = this.domainOf[node] as number;
      if (domain < 0) continue;
      const list = lists.get(domain);
      if (list) list.push(node);
      else lists.set(domain, [node]);
    }
    return new Map([...lists].map(([domain, list]) => [domain, Int32Array.from(list)]));
  }
}
