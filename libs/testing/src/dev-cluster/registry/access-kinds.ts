import type { Cause } from '../object/api-error.js';
import type { ApiObject } from '../object/api-object.js';
import { isObject, sameJson } from '../object/json.js';
import { defineBuiltin } from './define-resource.js';
import type { Resource } from './resource.js';

const GROUP = 'rbac.authorization.k8s.io';

/** Users and groups belong to the access group, service accounts to the core. */
function setSubjectGroups(binding: ApiObject): void {
  const subjects = binding['subjects'];
  if (!Array.isArray(subjects)) return;
  binding['subjects'] = subjects.map((subject) =>
    isObject(subject) && subject['kind'] !== 'ServiceAccount' ? { apiGroup: GROUP, ...subject } : subject,
  );
}

function validateRole(binding: ApiObject, old: ApiObject | undefined): Cause[] {
  if (!old || sameJson(binding['roleRef'], old['roleRef'])) return [];
  const message = `Invalid value: ${JSON.stringify(binding['roleRef'])}: cannot change roleRef`;
  return [{ field: 'roleRef', reason: 'FieldValueInvalid', message }];
}

const BINDING: Partial<Resource> = {
  nameRule: 'path',
  setDefaults: setSubjectGroups,
  validate: validateRole,
};

/** Access rules. They are kept for clients that manage them; everyone may do everything. */
export const ACCESS_KINDS: readonly Resource[] = [
  defineBuiltin(
    'rbac.Role',
    { group: GROUP, plural: 'roles', kind: 'Role', namespaced: true },
    { nameRule: 'path' },
  ),
  defineBuiltin(
    'rbac.RoleBinding',
    { group: GROUP, plural: 'rolebindings', kind: 'RoleBinding', namespaced: true },
    BINDING,
  ),
  defineBuiltin(
    'rbac.ClusterRole',
    { group: GROUP, plural: 'clusterroles', kind: 'ClusterRole', namespaced: false },
    { nameRule: 'path' },
  ),
  defineBuiltin(
    'rbac.ClusterRoleBinding',
    { group: GROUP, plural: 'clusterrolebindings', kind: 'ClusterRoleBinding', namespaced: false },
    BINDING,
  ),
];
