import type { ApiObject } from '../object/api-object.js';
import { COMMON_SELECTABLE_FIELDS, parseFieldSelector } from '../object/field-selector.js';
import { parseLabelSelector } from '../object/label-selector.js';
import { refuse } from '../object/refusals.js';
import { resourceKey } from '../registry/resource.js';
import type { ClusterState, Target } from './cluster-state.js';
import { inVersion } from './read-object.js';
import { requireKnownVersion } from './require-known-version.js';

export interface Selection {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface ListOptions extends Selection {
  readonly limit?: number;
  readonly continueToken?: string;
  /** The list is to be at least this new, or with match `Exact` exactly this old. */
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: string;
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

/**
 * @throws ApiError 400 for selectors or a continue token that cannot be read, 410 for a state that is too old, 422 for
 *   options that contradict each other, 504 for a resourceVersion that does not exist yet
 */
export function listObjects(state: ClusterState, target: Target, options: ListOptions): ListResult {
  checkListOptions(options);
  const matches = selectionOf(target, options);
  const start = options.continueToken ? parseContinue(options.continueToken) : undefined;
  const asked = start ? undefined : requireKnownVersion(state, options.resourceVersion ?? '');
  const exact = options.resourceVersionMatch === 'Exact' ? asked : undefined;
  const revision = start?.revision ?? exact ?? state.store.revision;
  const all = objectsAt(state, target, revision, start?.after);
  const left = start ? all.filter((object) => orderKey(object) > start.after) : all;
  const rest = left.filter(matches);
  const page = options.limit ? rest.slice(0, options.limit) : rest;
  const last = page.at(-1);
  // Whether any of the others match is seen when they are read.
  const hasMore = options.limit === page.length && last !== undefined && last !== left.at(-1);
  return {
    items: page.map((object) => inVersion(object, target.apiVersion)),
    resourceVersion: String(revision),
    ...(hasMore
      ? {
          continueToken: continueToken(revision, orderKey(last)),
          // With a selector the real server does not know how many of the rest match.
          ...(options.labelSelector || options.fieldSelector
            ? {}
            : { remainingItemCount: rest.length - page.length }),
        }
      : {}),
  };
}

/** All pages show the state of the first. @param after where a page that cannot be had would have begun */
function objectsAt(
  { store }: ClusterState,
  { resource, namespace }: Target,
  revision: number,
  after: string | undefined,
): ApiObject[] {
  const key = resourceKey(resource);
  if (revision === store.revision) return store.list(key, namespace);
  const past = store.listAt(key, namespace, revision);
  if (past) return past;
  if (after === undefined) throw refuse.expired('The resourceVersion for the provided list is too old.');
  throw refuse.expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    continueToken(store.revision, after),
  );
}

function checkListOptions({
  resourceVersion,
  resourceVersionMatch,
  continueToken: token,
}: ListOptions): void {
  if (!resourceVersionMatch) return;
  const field = 'resourceVersionMatch';
  const forbidden = (why: string): never => {
    throw refuse.invalid(LIST_OPTIONS, '', [
      { field, reason: 'FieldValueForbidden', message: `Forbidden: ${why}` },
    ]);
  };
  if (!resourceVersion) forbidden('resourceVersionMatch is forbidden unless resourceVersion is provided');
  if (token) forbidden('resourceVersionMatch is forbidden when continue is provided');
  if (resourceVersionMatch !== 'Exact' && resourceVersionMatch !== 'NotOlderThan') {
    const message = `Unsupported value: ${JSON.stringify(resourceVersionMatch)}: supported values: "Exact", "NotOlderThan", ""`;
    throw refuse.invalid(LIST_OPTIONS, '', [{ field, reason: 'FieldValueNotSupported', message }]);
  }
  if (resourceVersionMatch === 'Exact' && resourceVersion === '0')
    forbidden('resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
}

/** How the options of lists and watches are called in messages. */
export const LIST_OPTIONS = { group: 'meta.k8s.io', plural: '', kind: 'ListOptions' };

const orderKey = ({ metadata }: ApiObject): string => `${metadata.namespace ?? ''}/${metadata.name}`;

const continueToken = (revision: number, after: string): string =>
  Buffer.from(JSON.stringify([revision, after])).toString('base64url');

function parseContinue(token: string): { revision: number; after: string } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
  } catch {
    throw refuse.badRequest('invalid continue token: continue key is not valid');
  }
  const [revision, after] = Array.isArray(parsed) ? (parsed as unknown[]) : [];
  if (typeof revision !== 'number' || typeof after !== 'string')
    throw refuse.badRequest('invalid continue token: continue key is not valid');
  return { revision, after };
}
