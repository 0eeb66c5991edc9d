import { APPS_TYPES } from './apps-types.js';
import { AUTHORIZATION_TYPES } from './authorization-types.js';
import { AUTOSCALING_TYPES } from './autoscaling-types.js';
import { COORDINATION_TYPES } from './coordination-types.js';
import { CORE_TYPES } from './core-types.js';
import { DEFINITION_TYPES } from './definition-types.js';
import { DISCOVERY_TYPES } from './discovery-types.js';
import { EVENTS_TYPES } from './events-types.js';
import { META_TYPES } from './meta-types.js';
import type { ObjectType } from './object-type.js';
import { parseTypes } from './parse-types.js';
import { POD_TYPES } from './pod-types.js';
import { POLICY_TYPES } from './policy-types.js';
import { RBAC_TYPES } from './rbac-types.js';
import { RESOURCE_TYPES } from './resource-types.js';
import { SCHEDULING_TYPES } from './scheduling-types.js';
import { VOLUME_TYPES } from './volume-types.js';

const SOURCES: Readonly<Record<string, string>> = {
  meta: META_TYPES,
  core: VOLUME_TYPES + POD_TYPES.trimStart() + CORE_TYPES.trimStart(),
  apps: APPS_TYPES,
  authorization: AUTHORIZATION_TYPES,
  autoscaling: AUTOSCALING_TYPES,
  coordination: COORDINATION_TYPES,
  discovery: DISCOVERY_TYPES,
  events: EVENTS_TYPES,
  apiextensions: DEFINITION_TYPES,
  policy: POLICY_TYPES,
  rbac: RBAC_TYPES,
  resource: RESOURCE_TYPES,
  scheduling: SCHEDULING_TYPES,
};

const known = new Map<string, ObjectType>();
const packages = new Map<string, Map<string, () => ObjectType>>();

/**
 * A type of a built-in kind by `package.Name`, e.g. `core.Pod`.
 *
 * @throws Error when there is none
 */
export function builtinType(name: string): ObjectType {
  let type = known.get(name);
  if (!type) {
    type = findType(name);
    known.set(name, type);
  }
  return type;
}

function findType(name: string): ObjectType {
  const [packageName = '', typeName = ''] = name.split('.');
  const found = packageOf(packageName).get(typeName);
  if (!found) throw new Error(`no type ${name}`);
  return found();
}

function packageOf(name: string): Map<string, () => ObjectType> {
  let types = packages.get(name);
  if (!types) {
    types = parseTypes(SOURCES[name] ?? '', (reference) => resolve(name, reference));
    packages.set(name, types);
  }
  return types;
}

/** A name without its package means the own package, then meta, then core. */
function resolve(from: string, reference: string): ObjectType {
  if (reference.includes('.')) return builtinType(reference);
  const owner = [from, 'meta', 'core'].find((name) => packageOf(name).has(reference));
  return builtinType(`${owner ?? from}.${reference}`);
}
