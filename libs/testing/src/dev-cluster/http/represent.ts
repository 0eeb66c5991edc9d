import type { ListResult } from '../api/list-objects.js';
import type { ApiObject, JsonObject } from '../object/api-object.js';
import type { ServedResource } from '../registry/registry.js';
import type { KindView } from '../registry/resource.js';
import { metadataOnly } from './metadata-only.js';
import type { Representation } from './representation.js';
import { type RowObject, tableOf } from './table.js';

/** In what form a client gets objects. */
export interface Presentation {
  readonly served: ServedResource;
  readonly as: Representation;
  /** What the rows of a table bring along (`includeObject`). */
  readonly rowObject: RowObject;
  readonly view?: KindView;
}

/** One object as the client wants to see it. */
export function representObject(presentation: Presentation, object: ApiObject): JsonObject {
  const { served, as, rowObject, view } = presentation;
  if (as === 'table')
    return tableOf(served, [object], { resourceVersion: object.metadata.resourceVersion }, rowObject);
  return as === 'metadata' ? metadataOnly(object) : (view?.show(object) ?? object);
}

export function representList(presentation: Presentation, list: ListResult): JsonObject {
  const { served, as, rowObject, view } = presentation;
  const { continueToken, remainingItemCount } = list;
  const metadata: JsonObject = {
    resourceVersion: list.resourceVersion,
    ...(continueToken ? { continue: continueToken } : {}),
    ...(remainingItemCount === undefined ? {} : { remainingItemCount }),
  };
  if (as === 'table') return tableOf(served, list.items, metadata, rowObject);
  if (as === 'metadata') {
    const items = list.items.map(metadataOnly);
    return { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata, items };
  }
  const shown = view ? list.items.map((object) => view.show(object)) : list.items;
  // The kind of built-in objects is said once, by that of the list.
  const items = served.resource.custom ? shown : shown.map(({ apiVersion: _v, kind: _k, ...rest }) => rest);
  const apiVersion = view?.apiVersion ?? served.apiVersion;
  return { kind: served.resource.listKind, apiVersion, metadata, items };
}
