import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClusterState, Target, WriteOptions } from '../api/cluster-state.js';
import { refuse } from '../object/refusals.js';
import type { Presentation } from './represent.js';
import { representationOf } from './representation.js';
import type { RowObject } from './table.js';

/** One request for a resource, with what every handler asks of it. */
export interface RequestContext {
  readonly state: ClusterState;
  /** Whose objects these are, also when the client sees them in the form of another kind. */
  readonly target: Target;
  readonly name?: string;
  readonly subresource?: string;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly presentation: Presentation;
  /** What is wrong with the body that the client may want to know or to be refused for, as it is found. */
  readonly problems: string[];
}

/** @throws ApiError 400 for an includeObject that is none, 406 when the client takes no JSON */
export function requestContext(parts: Omit<RequestContext, 'presentation' | 'problems'>): RequestContext {
  const { view } = parts.target.resource;
  const held = view ? parts.state.registry.stored(view.of) : parts.target;
  const presentation: Presentation = {
    served: held,
    as: representationOf(parts.request.headers.accept),
    rowObject: rowObjectOf(parts.query),
    ...(view ? { view } : {}),
  };
  return { ...parts, target: { ...parts.target, ...held }, presentation, problems: [] };
}

function rowObjectOf(query: URLSearchParams): RowObject {
  const value = query.get('includeObject') || 'Metadata';
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value;
  throw refuse.badRequest(`unrecognized includeObject value: ${JSON.stringify(value)}`);
}

const OPTIONS_OF_METHOD = {
  POST: 'CreateOptions',
  PUT: 'UpdateOptions',
  PATCH: 'PatchOptions',
  DELETE: 'DeleteOptions',
} as const;
type Options = (typeof OPTIONS_OF_METHOD)[keyof typeof OPTIONS_OF_METHOD];

/** @throws ApiError 422 for a dryRun or a fieldValidation that does not exist */
export function writeOptions({
  query,
  request,
  response,
  subresource,
  problems,
}: RequestContext): WriteOptions {
  const dryRun = query.getAll('dryRun').filter(Boolean);
  const options = OPTIONS_OF_METHOD[request.method as keyof typeof OPTIONS_OF_METHOD] ?? 'CreateOptions';
  if (dryRun.some((value) => value !== 'All')) {
    const message = `Unsupported value: ${JSON.stringify(dryRun)}: supported values: "All"`;
    throw refuse.invalidOptions(options, { field: 'dryRun', reason: 'FieldValueNotSupported', message });
  }
  const agent = (request.headers['user-agent'] ?? 'unknown').split('/')[0] ?? 'unknown';
  return {
    manager: (query.get('fieldManager') || agent || 'unknown').slice(0, 128),
    dryRun: dryRun.length > 0,
    validation: fieldValidation(query, options),
    warn: (text) => addWarning(response, text),
    problems,
    ...(subresource ? { subresource } : {}),
  };
}

function fieldValidation(query: URLSearchParams, options: Options): WriteOptions['validation'] {
  const value = query.get('fieldValidation') ?? '';
  if (value === '' || value === 'Warn') return 'Warn';
  if (value === 'Strict' || value === 'Ignore') return value;
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: "", "Ignore", "Strict", "Warn"`;
  throw refuse.invalidOptions(options, {
    field: 'fieldValidation',
    reason: 'FieldValueNotSupported',
    message,
  });
}

/** Shown to the user by clients that know how (RFC 7234 warning 299). */
export function addWarning(response: ServerResponse, text: string): void {
  response.appendHeader('warning', `299 - ${JSON.stringify(text)}`);
}

/** A query parameter that is a number of at least 0. @throws ApiError 400 */
export function numberParameter(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0)
    throw refuse.badRequest(`${name}: ${JSON.stringify(text)} is not a whole number of at least 0`);
  return value;
}

export const flagParameter = (query: URLSearchParams, name: string): boolean =>
  ['true', '1'].includes(query.get(name) ?? '');
