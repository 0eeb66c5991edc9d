import type { ListResult } from '../api/list-objects.js';
import type { ApiObject, Json, JsonObject } from '../object/api-object.js';
import type { ServedResource } from '../registry/registry.js';
import type { Representation } from './representation.js';
import { tableOf } from './table.js';

/** One object as the client wants to see it. */
export function representObject(served: ServedResource, object: ApiObject, as: Representation): JsonObject {
  if (as === 'table') return tableOf(served, [object], { resourceVersion: object.metadata.resourceVersion });
  return as === 'metadata' ? metadataOnly(object) : object;
}

export function representList(served: ServedResource, list: ListResult, as: Representation): JsonObject {
  const metadata: JsonObject = {
    resourceVersion: list.resourceVersion,
    ...(list.continueToken
      ? { continue: list.continueToken, remainingItemCount: list.remainingItemCount }
      : {}),
  };
  if (as === 'table') return tableOf(served, list.items, metadata);
  if (as === 'metadata') {
    const items = list.items.map(metadataOnly);
    return { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata, items };
  }
  return { kind: served.resource.listKind, apiVersion: served.apiVersion, metadata, items: list.items };
}

function metadataOnly({ metadata }: ApiObject): JsonObject {
  return {
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: metadata as unknown as Json,
  };
}
