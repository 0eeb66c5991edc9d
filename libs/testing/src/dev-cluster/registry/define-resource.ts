import { BUILTIN_COLUMNS } from './builtin-columns.js';
import { builtinShapes } from './list-shape.js';
import type { Resource } from './resource.js';

type Names = Pick<Resource, 'group' | 'plural' | 'kind' | 'namespaced'>;

/** A built-in resource from what sets it apart from the common case. */
export function defineResource(names: Names, differences: Partial<Resource> = {}): Resource {
  return {
    singular: names.kind.toLowerCase(),
    listKind: `${names.kind}List`,
    shortNames: [],
    categories: [],
    versions: [{ name: 'v1', columns: BUILTIN_COLUMNS[names.plural] }],
    storageVersion: 'v1',
    hasStatus: false,
    hasGeneration: false,
    nameRule: 'subdomain',
    selectableFields: [],
    subresources: [],
    custom: false,
    allowUnconditionalUpdate: true,
    returnsDeletedObject: false,
    listShapes: builtinShapes,
    ...names,
    ...differences,
  };
}
