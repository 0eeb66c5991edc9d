import { ApiError } from '../object/api-error.js';
import type { ApiObject, Json } from '../object/api-object.js';
import { parseObject } from '../object/parse-object.js';
import { refuse } from '../object/refusals.js';
import { LAST_APPLIED, lastAppliedFields, lastAppliedText } from '../patch/last-applied.js';
import { serverSideApply } from '../patch/server-side-apply.js';
import { resourceKey } from '../registry/resource.js';
import { DecodeError } from '../registry/types/decode.js';
import type { ClusterState, Target, WriteOptions } from './cluster-state.js';
import { commitUpdate } from './commit-update.js';
import { createObject } from './create-object.js';
import { inVersion } from './read-object.js';

export interface ApplyOptions extends WriteOptions {
  /** Takes over fields that others own. */
  readonly force?: boolean;
}

/**
 * Server-side apply: creates the object or makes the fields this manager owns be exactly those sent.
 *
 * @returns the object, and whether it is new
 * @throws ApiError 400, 404 (a subresource of nothing), 409 (conflict with another manager), 422
 */
export function applyObject(
  state: ClusterState,
  target: Target,
  name: string,
  body: Json,
  options: ApplyOptions,
): { object: ApiObject; created: boolean } {
  const { resource } = target;
  const config = parseObject(withoutNulls(body), { apiVersion: target.apiVersion, kind: resource.kind });
  if (!config.metadata.name) config.metadata.name = name;
  if (config.metadata.managedFields?.length) throw refuse.badRequest('metadata.managedFields must be nil');
  delete config.metadata.managedFields;
  requireKnownFields(target, config);
  const stored = state.store.get(resourceKey(resource), target.namespace, name);
  const writer = { manager: options.manager, operation: 'Apply', subresource: options.subresource } as const;
  const scoped = inScope(target, config, options.subresource);
  const { listShapes } = resource;
  if (stored) {
    const live = inVersion(stored, target.apiVersion);
    const isKubectl = options.manager === 'kubectl' && !options.subresource;
    const migratable = isKubectl ? lastAppliedFields(live, listShapes) : undefined;
    const { object, owners } = serverSideApply(
      live,
      scoped,
      writer,
      listShapes,
      options.force ?? false,
      migratable,
    );
    const next = structuredClone(object);
    if (isKubectl && live.metadata.annotations?.[LAST_APPLIED])
      next.metadata.annotations = { ...next.metadata.annotations, [LAST_APPLIED]: lastAppliedText(config) };
    next.metadata.resourceVersion = config.metadata.resourceVersion;
    next.metadata.uid = config.metadata.uid;
    return { object: commitUpdate(state, target, live, next, options, owners), created: false };
  }
  if (options.subresource) throw refuse.notFound(resource, name);
  if (config.metadata.uid) throw refuse.conflict(resource, name, 'uid mismatch: the object does not exist');
  const { object, owners } = serverSideApply(undefined, scoped, writer, listShapes, false);
  return { object: createObject(state, target, object, options, owners), created: true };
}

/** A configuration can only own fields there are. @throws ApiError 500, as the real server */
function requireKnownFields({ resource, version, apiVersion, namespace }: Target, config: ApiObject): void {
  const fail = (problems: string[]): never => {
    const what = problems.length === 1 ? problems[0] : `errors:\n  ${problems.join('\n  ')}`;
    const address = `${namespace ?? ''}/${config.metadata.name}; ${apiVersion.includes('/') ? '' : '/'}${apiVersion}`;
    throw new ApiError(
      500,
      '',
      `failed to create typed patch object (${address}, Kind=${resource.kind}): ${what}`,
    );
  };
  try {
    const unknown = version.schema?.normalize(structuredClone(config)) ?? [];
    if (unknown.length > 0) fail(unknown.map((path) => `.${path}: field not declared in schema`));
  } catch (error) {
    if (error instanceof DecodeError) fail([error.message]);
    throw error;
  }
}

/** Only the part of the configuration this endpoint writes: the status, or all but the status. */
function inScope(target: Target, config: ApiObject, subresource: string | undefined): ApiObject {
  const { apiVersion, kind, metadata, status, ...rest } = config;
  if (subresource === 'status') {
    const { name, namespace } = metadata;
    const identity = { name, namespace, uid: '', resourceVersion: '', creationTimestamp: '' };
    return { apiVersion, kind, metadata: identity, ...(status ? { status } : {}) };
  }
  return { apiVersion, kind, metadata, ...rest, ...(status && !target.resource.hasStatus ? { status } : {}) };
}

/** A null in an applied configuration means that the field is left out. */
function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, v]) => v !== null && v !== undefined);
  return Object.fromEntries(entries.map(([k, v]) => [k, withoutNulls(v as Json)]));
}
