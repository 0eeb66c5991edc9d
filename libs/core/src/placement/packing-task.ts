import type { PodClass } from './pod-class.js';

/** Pods of one class that need nodes, and the nodes that they may use. */
export interface PackingItem {
  readonly podClass: PodClass;
  readonly count: number;
  /** Ascending node indexes. */
  readonly nodes: Int32Array;
}

/** `count` pods of an item on one node. */
export interface Packed {
  readonly item: PackingItem;
  readonly node: number;
  readonly count: number;
}

/** Steps that are left of a search. */
export interface SearchBudget {
  left: number;
}
