/**
 * How a list merges. `map`: items are told apart by their keys; `set`: by value; `atomic`: the list is one
 * value. An object may be atomic too, or be an entry of another one.
 */
export type ListShape =
  | { readonly type: 'atomic' }
  | { readonly type: 'set' }
  /** An entry of an object whose keys are data: it is owned beside what is in it. */
  | { readonly type: 'entry' }
  | {
      readonly type: 'map';
      readonly keys: readonly string[];
      /** Value a key has when an item leaves it out. */
      readonly keyDefaults?: Readonly<Record<string, string>>;
      /** Each item is one value. */
      readonly hasAtomicItems?: boolean;
    };

/** The shape of the list (or atomic object) at a path of field names; list items add no path element. */
export type ListShapes = (path: readonly string[]) => ListShape | undefined;

/** Shapes every object has in its metadata (meta/v1 ObjectMeta). */
const METADATA: Readonly<Record<string, ListShape>> = {
  ownerReferences: { type: 'map', keys: ['uid'], hasAtomicItems: true },
  finalizers: { type: 'set' },
};

export function metadataShape(path: readonly string[]): ListShape | undefined {
  return path[0] === 'metadata' && path.length === 2 ? METADATA[path[1] ?? ''] : undefined;
}
