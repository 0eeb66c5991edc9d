import type { DeleteOptions } from '../api/delete-object.js';
import type { Json, JsonObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import { numberParameter, type RequestContext, writeOptions } from './request-context.js';

/**
 * How to delete: in the query or, and then they win, in a DeleteOptions object.
 *
 * @param sent the object, if the client sent one
 * @throws ApiError 400 for a grace period that is no number, 422 for another option that is none
 */
export function parseDeleteOptions(context: RequestContext, sent: Json | undefined): DeleteOptions {
  const { query } = context;
  const body: JsonObject = isObject(sent) ? sent : {};
  const grace = body['gracePeriodSeconds'];
  const policy = body['propagationPolicy'] ?? query.get('propagationPolicy');
  const orphan = body['orphanDependents'] ?? query.get('orphanDependents');
  const preconditions = isObject(body['preconditions']) ? body['preconditions'] : {};
  const text = (value: Json | undefined): string | undefined =>
    typeof value === 'string' ? value : undefined;
  return {
    gracePeriodSeconds: typeof grace === 'number' ? grace : numberParameter(query, 'gracePeriodSeconds'),
    propagationPolicy: text(policy) ?? (String(orphan) === 'true' ? 'Orphan' : undefined),
    preconditions: {
      uid: text(preconditions['uid']),
      resourceVersion: text(preconditions['resourceVersion']),
    },
    dryRun: writeOptions(context).dryRun || (Array.isArray(body['dryRun']) && body['dryRun'].includes('All')),
  };
}
