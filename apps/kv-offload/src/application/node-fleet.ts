import type { Clock } from '@penstock/core/ports';
import type { PlaceCapacity } from '@penstock/core/tiering';
import type { NodeDirectory } from './find-nodes.js';
import { type LinkOptions, NodeLink } from './node-link.js';

export interface FleetOptions extends LinkOptions {
  readonly directory: NodeDirectory;
  readonly clock: Clock;
  readonly forgetMs: number;
  /** The node has had no kv-node for so long that what it held counts as gone. */
  readonly onForgotten: (node: string) => void;
}

/** Connections to all kv-nodes that there are. */
export class NodeFleet {
  private readonly links = new Map<string, NodeLink>();
  /** Nodes without a kv-node, since when. */
  private readonly absentSinceMs = new Map<string, number>();
  private readonly ending = new Set<Promise<void>>();

  constructor(private readonly options: FleetOptions) {}

  all(): NodeLink[] {
    return [...this.links.values()];
  }

  get(node: string): NodeLink | undefined {
    return this.links.get(node);
  }

  /** Tiers of the nodes that take commands now, with the room that can be used. */
  capacities(): PlaceCapacity[] {
    return this.all().flatMap((link) => (link.client ? link.usableCapacities() : []));
  }

  /** The node is said to hold something: unless a kv-node of it is found, it is forgotten in time. */
  expect(node: string): void {
    if (this.links.has(node) || this.absentSinceMs.has(node)) return;
    this.absentSinceMs.set(node, this.options.clock.nowMs());
  }

  /** Connects to new kv-nodes, follows those that moved, and lets go of those that are gone. */
  refresh(): void {
    const { directory, clock, forgetMs, onForgotten } = this.options;
    const wanted = directory.current();
    if (!wanted) return;
    const nowMs = clock.nowMs();
    for (const [node, address] of wanted) {
      this.absentSinceMs.delete(node);
      const known = this.links.get(node);
      if (known?.address === address) continue;
      if (known) this.end(known);
      const link = new NodeLink(node, address, this.options);
      this.links.set(node, link);
      link.start();
    }
    for (const node of this.links.keys()) {
      if (!wanted.has(node) && !this.absentSinceMs.has(node)) this.absentSinceMs.set(node, nowMs);
    }
    for (const [node, sinceMs] of this.absentSinceMs) {
      const link = this.links.get(node);
      if (link?.client || nowMs - sinceMs < forgetMs) continue;
      if (link) this.end(link);
      this.links.delete(node);
      this.absentSinceMs.delete(node);
      onForgotten(node);
    }
  }

  async stop(): Promise<void> {
    for (const link of this.links.values()) this.end(link);
    this.links.clear();
    await Promise.all(this.ending);
  }

  private end(link: NodeLink): void {
    const ended = link.stop();
    this.ending.add(ended);
    void ended.finally(() => this.ending.delete(ended));
  }
}
