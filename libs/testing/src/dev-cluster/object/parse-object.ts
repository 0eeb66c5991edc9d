import { z } from 'zod';
import type { ApiObject, Json } from './api-object.js';
import { isObject } from './json.js';
import { refuse } from './refusals.js';

const stringMap = z.record(z.string(), z.string());
const nullToAbsent = <T extends z.ZodType>(schema: T) =>
  z.preprocess((v) => v ?? undefined, schema.optional());

const nullToEmpty = z.preprocess((v) => v ?? '', z.string());

const ownerReference = z.looseObject({
  apiVersion: nullToEmpty,
  kind: nullToEmpty,
  name: nullToEmpty,
  uid: nullToEmpty,
});

const metadata = z.looseObject({
  name: nullToAbsent(z.string()),
  generateName: nullToAbsent(z.string()),
  namespace: nullToAbsent(z.string()),
  uid: nullToAbsent(z.string()),
  resourceVersion: nullToAbsent(z.string()),
  labels: nullToAbsent(stringMap),
  annotations: nullToAbsent(stringMap),
  finalizers: nullToAbsent(z.array(z.string())),
  ownerReferences: nullToAbsent(z.array(ownerReference)),
  managedFields: nullToAbsent(z.array(z.looseObject({}))),
});

const object = z.looseObject({
  apiVersion: nullToAbsent(z.string()),
  kind: nullToAbsent(z.string()),
  metadata: nullToAbsent(metadata),
  spec: nullToAbsent(z.looseObject({})),
  status: nullToAbsent(z.looseObject({})),
});

/** The kind that a path stands for. */
export interface ExpectedKind {
  readonly apiVersion: string;
  readonly kind: string;
  /** Custom resources must say themselves what they are. */
  readonly custom?: boolean;
}

/**
 * An object as a client sent it, with a missing apiVersion and kind filled in. Name, uid and the other fields of
 * the server may still be empty.
 *
 * @throws ApiError 400 when it is not of this kind or its metadata has the wrong types, 422 for a custom resource of
 *   another kind or without a spec that is an object
 */
export function parseObject(body: Json, expected: ExpectedKind): ApiObject {
  const result = object.safeParse(body);
  if (!result.success) throw malformed(body, expected, result.error.issues[0]);
  const parsed = result.data;
  const apiVersion = parsed.apiVersion ?? expected.apiVersion;
  const kind = parsed.kind ?? expected.kind;
  if (expected.custom) requireOwnName(parsed, body, expected);
  if (apiVersion !== expected.apiVersion || kind !== expected.kind) {
    throw refuse.badRequest(
      `the API version in the data (${apiVersion}, kind ${kind}) does not match the expected API version (${expected.apiVersion}, kind ${expected.kind})`,
    );
  }
  const meta = withoutUndefined({
    name: '',
    uid: '',
    resourceVersion: '',
    creationTimestamp: '',
    ...parsed.metadata,
  });
  return { ...withoutUndefined(parsed), apiVersion, kind, metadata: meta } as unknown as ApiObject;
}

function malformed(
  body: Json,
  { apiVersion, kind, custom }: ExpectedKind,
  issue: z.core.$ZodIssue | undefined,
) {
  const [field] = issue?.path ?? [];
  if (custom && isObject(body) && issue?.path.length === 1 && (field === 'spec' || field === 'status')) {
    const value = body[field];
    const type = JSON.stringify(Array.isArray(value) ? 'array' : typeof value);
    const message = `Invalid value: ${type}: ${field} in body must be of type object: ${type}`;
    const { name } = isObject(body['metadata']) ? body['metadata'] : {};
    const [group = ''] = apiVersion.split('/');
    return refuse.invalid({ group, plural: '', kind }, String(name ?? ''), [
      { field, reason: 'FieldValueTypeInvalid', message },
    ]);
  }
  return refuse.badRequest(
    `${kind} in version "${apiVersion}" cannot be handled as a ${kind}: ${issue?.path.join('.') || 'body'}: ${issue?.message}`,
  );
}

/** @throws ApiError 400 when the object does not say what it is, 422 when it is of another kind */
function requireOwnName(sent: z.infer<typeof object>, body: Json, { kind, apiVersion }: ExpectedKind): void {
  for (const [field, value] of [
    ['Kind', sent.kind],
    ['apiVersion', sent.apiVersion],
  ]) {
    if (value) continue;
    const text = JSON.stringify(body);
    throw refuse.badRequest(
      `the object provided is unrecognized (must be of type ${kind}): Object '${field}' is missing in '${text}'`,
    );
  }
  if (sent.kind === kind || sent.apiVersion !== apiVersion) return;
  const [group = ''] = apiVersion.split('/');
  const message = `Invalid value: ${JSON.stringify(sent.kind)}: must be ${kind}`;
  throw refuse.invalid({ group, plural: '', kind: sent.kind ?? '' }, sent.metadata?.name ?? '', [
    { field: 'kind', reason: 'FieldValueInvalid', message },
  ]);
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T;
}
