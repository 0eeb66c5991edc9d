import { isHostPort } from './host-port.js';
import { whyNodeRefuses } from './node-matching.js';
import { TopologyLevel } from './topology-level.js';
import type { PlacementLoad, PlacementNode, PodShape, ResourceAmounts } from './types.js';

/** Which nodes may take a kind of pod, by node index; a reason where not. */
export interface Eligibility {
  readonly reasons: ReadonlyArray<string | undefined>;
  /** Ascending. */
  readonly nodes: Int32Array;
}

/**
 * The cluster at one moment: nodes in the order of their names, and what is left of every resource, one column each.
 * Decisions that were taken are reserved in it, so that the next one of the same round sees them.
 */
export class ClusterSnapshot {
  readonly nodes: readonly PlacementNode[];
  private readonly indexes: ReadonlyMap<string, number>;
  private readonly columns = new Map<string, Float64Array>();
  private readonly levels = new Map<string, TopologyLevel>();
  private readonly eligible = new Map<string, Eligibility>();

  /** Loads on nodes that do not exist are left out. */
  constructor(nodes: readonly PlacementNode[], loads: Iterable<PlacementLoad>) {
    this.nodes = [...nodes].sort((a, b) => (a.name < b.name ? -1 : 1));
    this.indexes = new Map(this.nodes.map(({ name }, index) => [name, index]));
    for (const { node, requests } of loads) this.reserve(node, requests);
  }

  /** Undefined when there is no such node. */
  indexOf(node: string): number | undefined {
    return this.indexes.get(node);
  }

  /** What is left of a resource on every node, by node index; below zero where too much was promised. */
  free(resource: string): Float64Array {
    let column = this.columns.get(resource);
    if (!column) {
      const fallback = isHostPort(resource) ? 1 : 0;
      column = Float64Array.from(this.nodes, ({ allocatable }) => allocatable[resource] ?? fallback);
      this.columns.set(resource, column);
    }
    return column;
  }

  reserve(node: string, requests: ResourceAmounts): void {
    this.change(node, requests, -1);
  }

  release(node: string, requests: ResourceAmounts): void {
    this.change(node, requests, 1);
  }

  /** The first resource of which a node has promised more than it has; undefined when it is sound. */
  overcommitted(node: string): string | undefined {
    const index = this.indexes.get(node);
    if (index === undefined) return undefined;
    for (const [resource, column] of this.columns) if ((column[index] as number) < 0) return resource;
    return undefined;
  }

  /** The domains of a node label. */
  level(key: string): TopologyLevel {
    let level = this.levels.get(key);
    if (!level) {
      level = new TopologyLevel(key, this.nodes);
      this.levels.set(key, level);
    }
    return level;
  }

  /** @param rules text that is the same for shapes with the same rules, see `PodClass` */
  eligibility(shape: PodShape, rules: string): Eligibility {
    let known = this.eligible.get(rules);
    if (!known) {
      const reasons = this.nodes.map((node) => whyNodeRefuses(node, shape));
      const nodes = reasons.flatMap((reason, index) => (reason === undefined ? [index] : []));
      known = { reasons, nodes: Int32Array.from(nodes) };
      this.eligible.set(rules, known);
    }
    return known;
  }

  private change(node: string, requests: ResourceAmounts, sign: 1 | -1): void {
    const index = this.indexes.get(node);
    if (index === undefined) return;
    for (const resource in requests) {
      const column = this.free(resource);
      column[index] = (column[index] as number) + sign * (requests[resource] as number);
    }
  }
}
