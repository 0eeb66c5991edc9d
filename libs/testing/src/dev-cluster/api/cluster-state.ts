import type { Registry, ServedResource } from '../registry/registry.js';
import type { ObjectStore } from '../storage/object-store.js';

/** What every verb works on. */
export interface ClusterState {
  readonly store: ObjectStore;
  readonly registry: Registry;
}

/** A resource in the version the request names, in one namespace (absent for cluster scope or all). */
export interface Target extends ServedResource {
  readonly namespace?: string;
}

export interface WriteOptions {
  /** Field manager recorded as the owner of what changes. */
  readonly manager: string;
  readonly dryRun?: boolean;
  readonly subresource?: string;
  /** What becomes of fields the kind does not have: refused, dropped with a warning (the default), or dropped. */
  readonly validation?: 'Strict' | 'Warn' | 'Ignore';
  /** What was wrong with the request's body before it was read as an object, treated as unknown fields are. */
  readonly problems?: readonly string[];
  /** The new state comes of a patch, which is then what cannot be read. */
  readonly isPatch?: boolean;
  /** Takes what the client should know although its request is carried out. */
  readonly warn?: (text: string) => void;
}
