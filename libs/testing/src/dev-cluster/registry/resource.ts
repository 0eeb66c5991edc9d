import type { Cause } from '../object/api-error.js';
import type { ApiObject, Json, JsonObject } from '../object/api-object.js';
import type { ListShapes } from './list-shape.js';
import type { ObjectSchema } from './object-schema.js';
import type { MergeKeys } from './types/type-shapes.js';

/** Column of the server-side table, as in a custom resource definition. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly description?: string;
  /** 0 is always shown, above 0 only with `-o wide`. */
  readonly priority?: number;
  /** The value is a moment, and shown as the time since then. */
  readonly isAge?: boolean;
  readonly value: (object: ApiObject) => Json;
}

export interface ResourceVersion {
  readonly name: string;
  readonly schema?: ObjectSchema;
  readonly columns?: readonly PrinterColumn[];
  /** What clients that use it are warned of. */
  readonly deprecation?: string;
}

/** Where the scale subresource finds its numbers, as dotted paths. */
export interface ScalePaths {
  readonly specReplicas: string;
  readonly statusReplicas: string;
  readonly labelSelector?: string;
  /** The selector as text, where the object keeps it in another form. */
  readonly selectorOf?: (object: ApiObject) => string | undefined;
}

/** Another form of the objects of a resource: same objects, other names for their fields. */
export interface KindView {
  /** Key of the resource that holds them. */
  readonly of: string;
  /** e.g. `events.k8s.io/v1` */
  readonly apiVersion: string;
  /** A body in the form of the view, in the form of the resource. */
  readonly read: (body: Json) => Json;
  readonly show: (object: ApiObject) => ApiObject;
  /** The path of a field in the resource. */
  readonly field: (path: string) => string;
}

/** What the API knows about one kind: its names, its versions and the rules its objects obey. */
export interface Resource {
  readonly group: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** What discovery says can be done with it; everything when absent. */
  readonly verbs?: readonly string[];
  /** Served versions, the preferred one first. */
  readonly versions: readonly ResourceVersion[];
  /** Objects are stored in this version; versions differ in name only (conversion strategy `None`). */
  readonly storageVersion: string;
  /** Status is written through its own subresource only. */
  readonly hasStatus: boolean;
  /** A new object may bring its status along, as a kubelet's node does. */
  readonly keepsStatusOnCreate?: boolean;
  /** metadata.generation counts the changes of what the author wants. */
  readonly hasGeneration: boolean;
  readonly scale?: ScalePaths;
  readonly nameRule: 'label' | 'subdomain' | 'path';
  /** Dotted paths usable in a field selector besides metadata.name and metadata.namespace. */
  readonly selectableFields: readonly string[];
  /** Further subresources to name in discovery, with the kind they take. */
  readonly subresources: readonly {
    readonly name: string;
    readonly kind: string;
    /** Group and version of the kind where they are not those of the resource. */
    readonly group?: string;
    readonly version?: string;
    readonly verbs: readonly string[];
  }[];
  /** Defined by a custom resource definition. */
  readonly custom: boolean;
  /** A PUT without resourceVersion overwrites whatever is there. */
  readonly allowUnconditionalUpdate: boolean;
  /** DELETE answers with the object instead of a Status. */
  readonly returnsDeletedObject: boolean;
  readonly listShapes: ListShapes;
  readonly mergeKeys: MergeKeys;
  /** Fills in what the author may leave out. Gets a private copy and changes it. */
  readonly setDefaults?: (object: ApiObject) => void;
  /** Present when this is a form of another resource's objects. */
  readonly view?: KindView;
  /** Answers a created object, of which nothing is stored. */
  readonly answer?: (object: ApiObject) => JsonObject;
  /** Sets what the server decides and no client owns; `old` is absent on create. Gets a private copy and changes it. */
  readonly prepare?: (object: ApiObject, old: ApiObject | undefined) => void;
  /** Rules beyond the schema; `old` is absent on create. */
  readonly validate?: (object: ApiObject, old: ApiObject | undefined) => Cause[];
  /** State of a new object, set after the client's status was dropped. */
  readonly initialStatus?: (object: ApiObject) => ApiObject['status'];
}

/** Identity of a resource in the store and in messages. */
export function resourceKey(resource: Pick<Resource, 'group' | 'plural'>): string {
  return resource.group ? `${resource.plural}.${resource.group}` : resource.plural;
}

export function apiVersionOf(group: string, version: string): string {
  return group ? `${group}/${version}` : version;
}
