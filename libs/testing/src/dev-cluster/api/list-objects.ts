import type { ApiObject } from '../object/api-object.js';
import { COMMON_SELECTABLE_FIELDS, parseFieldSelector } from '../object/field-selector.js';
import { parseLabelSelector } from '../object/label-selector.js';
import { refuse } from '../object/refusals.js';
import { resourceKey } from '../registry/resource.js';
import type { ClusterState, Target } from './cluster-state.js';
import { inVersion } from './read-object.js';

export interface Selection {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface ListOptions extends Selection {
  readonly limit?: number;
  readonly continueToken?: string;
}

export interface ListResult {
  readonly items: ApiObject[];
  /** A watch from here misses nothing. */
  readonly resourceVersion: string;
  readonly continueToken?: string;
  readonly remainingItemCount?: number;
}

/** Whether an object is in the target's namespace and matches the selectors. @throws ApiError 400 */
export function selectionOf(
  target: Target,
  { labelSelector, fieldSelector }: Selection,
): (o: ApiObject) => boolean {
  const matchesLabels = parseLabelSelector(labelSelector);
  const matchesFields = parseFieldSelector(fieldSelector, [
    ...COMMON_SELECTABLE_FIELDS,
    ...target.resource.selectableFields,
  ]);
  const { namespace } = target;
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    matchesLabels(object.metadata.labels) &&
    matchesFields(object);
}

/** @throws ApiError 400 for selectors or a continue token that cannot be read, 410 for one that is too old */
export function listObjects(state: ClusterState, target: Target, options: ListOptions): ListResult {
  const matches = selectionOf(target, options);
  const all = state.store.list(resourceKey(target.resource), target.namespace).filter(matches);
  const start = options.continueToken ? parseContinue(state, options.continueToken) : undefined;
  const rest = start ? all.filter((object) => orderKey(object) > start.after) : all;
  // Later pages keep the first page's version: a watch from there repeats what changed in between.
  const revision = start?.revision ?? state.store.revision;
  const page = options.limit ? rest.slice(0, options.limit) : rest;
  const last = page.at(-1);
  const hasMore = page.length < rest.length && last !== undefined;
  return {
    items: page.map((object) => inVersion(object, target.apiVersion)),
    resourceVersion: String(revision),
    ...(hasMore
      ? {
          continueToken: Buffer.from(JSON.stringify([revision, orderKey(last)])).toString('base64url'),
          remainingItemCount: rest.length - page.length,
        }
      : {}),
  };
}

const orderKey = ({ metadata }: ApiObject): string => `${metadata.namespace ?? ''}/${metadata.name}`;

function parseContinue(state: ClusterState, token: string): { revision: number; after: string } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
  } catch {
    throw refuse.badRequest('continue key is not valid');
  }
  const [revision, after] = Array.isArray(parsed) ? (parsed as unknown[]) : [];
  if (typeof revision !== 'number' || typeof after !== 'string')
    throw refuse.badRequest('continue key is not valid');
  if (!state.store.eventsSince(revision)) {
    throw refuse.expired(
      'The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.',
    );
  }
  return { revision, after };
}
