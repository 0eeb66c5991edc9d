import { BUILTIN_COLUMNS } from './builtin-columns.js';
import type { Resource, ResourceVersion } from './resource.js';
import { TypedSchema } from './typed-schema.js';
import { mergeKeysOf, shapesOf } from './types/type-shapes.js';

type Names = Pick<Resource, 'group' | 'plural' | 'kind' | 'namespaced'>;

/**
 * A built-in resource from what sets it apart from the common case.
 *
 * @param type name of its type in the type library, e.g. `core.Pod`
 */
export function defineBuiltin(
  type: string,
  names: Names,
  { deprecation, ...differences }: Partial<Resource> & Pick<ResourceVersion, 'deprecation'> = {},
): Resource {
  const schema = new TypedSchema(type);
  // Types are read when they are first needed, which for most of them is never.
  const shapes = onceNeeded(() => shapesOf(schema.type));
  const mergeKeys = onceNeeded(() => mergeKeysOf(schema.type));
  const version = differences.storageVersion ?? 'v1';
  return defineResource(names, {
    versions: [
      {
        name: version,
        columns: BUILTIN_COLUMNS[names.plural],
        schema,
        ...(deprecation ? { deprecation } : {}),
      },
    ],
    storageVersion: version,
    listShapes: (path) => shapes()(path),
    mergeKeys: (path) => mergeKeys()(path),
    ...differences,
  });
}

function onceNeeded<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** A resource from what sets it apart from the common case. */
export function defineResource(names: Names, differences: Partial<Resource>): Resource {
  return {
    singular: names.kind.toLowerCase(),
    listKind: `${names.kind}List`,
    shortNames: [],
    categories: [],
    versions: [],
    storageVersion: 'v1',
    hasStatus: false,
    hasGeneration: false,
    nameRule: 'subdomain',
    selectableFields: [],
    subresources: [],
    custom: false,
    allowUnconditionalUpdate: true,
    returnsDeletedObject: false,
    listShapes: () => undefined,
    mergeKeys: () => undefined,
    ...names,
    ...differences,
  };
}
