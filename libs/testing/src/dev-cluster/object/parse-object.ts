import { z } from 'zod';
import type { Cause } from './api-error.js';
import type { ApiObject, Json } from './api-object.js';
import { refuse } from './refusals.js';

const stringMap = z.record(z.string(), z.string());
const nullToAbsent = <T extends z.ZodType>(schema: T) =>
  z.preprocess((v) => v ?? undefined, schema.optional());

const ownerReference = z.looseObject({
  apiVersion: z.string().min(1),
  kind: z.string().min(1),
  name: z.string().min(1),
  uid: z.string().min(1),
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

/**
 * An object as a client sent it, with a missing apiVersion and kind filled in. Name, uid and the other fields of
 * the server may still be empty.
 *
 * @throws ApiError 400 when it is not of this kind or its metadata has the wrong types
 */
export function parseObject(body: Json, expected: { apiVersion: string; kind: string }): ApiObject {
  const result = object.safeParse(body);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw refuse.badRequest(
      `${expected.kind} in version "${expected.apiVersion}" cannot be handled as a ${expected.kind}: ${issue?.path.join('.') || 'body'}: ${issue?.message}`,
    );
  }
  const parsed = result.data;
  const apiVersion = parsed.apiVersion ?? expected.apiVersion;
  const kind = parsed.kind ?? expected.kind;
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

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T;
}

const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/** What is wrong with the labels and annotations of an object. */
export function metadataCauses({ metadata: { labels = {}, annotations = {} } }: ApiObject): Cause[] {
  const invalid = (field: string, value: string, why: string): Cause => ({
    field,
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${JSON.stringify(value)}: ${why}`,
  });
  const causes: Cause[] = [];
  for (const [key, value] of Object.entries(labels)) {
    if (!LABEL_KEY.test(key)) causes.push(invalid('metadata.labels', key, 'not a valid label name'));
    if (!LABEL_VALUE.test(value))
      causes.push(
        invalid(
          'metadata.labels',
          value,
          'a valid label is at most 63 characters of alphanumerics, -, _ and .',
        ),
      );
  }
  for (const key of Object.keys(annotations)) {
    if (!LABEL_KEY.test(key))
      causes.push(invalid('metadata.annotations', key, 'not a valid annotation name'));
  }
  return causes;
}
