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
  /** Refuses fields the schema does not know (`fieldValidation=Strict`). */
  readonly isStrict?: boolean;
}
