import type { ClusterState } from '../api/cluster-state.js';
import type { ApiObject } from '../object/api-object.js';
import { customResource } from '../registry/custom-resource.js';
import { CRD_GROUP, CUSTOM_RESOURCE_DEFINITIONS } from '../registry/custom-resource-definitions.js';
import { resourceKey } from '../registry/resource.js';
import type { Controller } from './controller.js';
import { reportFault } from './report-fault.js';

/** The store's key of custom resource definitions. */
export const DEFINITIONS_KEY = resourceKey({ group: CRD_GROUP, plural: CUSTOM_RESOURCE_DEFINITIONS.plural });

/**
 * Serves what custom resource definitions define: at once when one is created, not any more when it is deleted.
 * With a definition go all its objects.
 */
export function startDefinitionController({ store, registry }: ClusterState): Controller {
  const serve = (definition: ApiObject): void => {
    try {
      registry.register(customResource(definition));
    } catch (error) {
      reportFault('custom resource definitions', definition.metadata.name, error);
    }
  };
  for (const definition of store.list(DEFINITIONS_KEY)) serve(definition);
  const stop = store.subscribe(({ resource, type, object }) => {
    if (resource !== DEFINITIONS_KEY) return;
    if (type !== 'DELETED') return serve(object);
    const key = object.metadata.name;
    for (const instance of store.list(key)) store.remove(key, instance);
    registry.unregister(key);
  });
  return { stop };
}
