import type { Json, JsonObject } from '../object/api-object.js';

/** An object without anything but its metadata, as the garbage collector and `kubectl delete` ask for. */
export function metadataOnly({ metadata }: { metadata: unknown }): JsonObject {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: metadata as Json };
}
