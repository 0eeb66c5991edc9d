import type { Cause } from './api-error.js';
import type { ApiObject, OwnerReference } from './api-object.js';

const QUALIFIED_NAME = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const ANNOTATIONS_LIMIT_BYTES = 262_144;

/** What is wrong with the labels, annotations, finalizers and owners of an object. */
export function metadataCauses({ metadata }: ApiObject): Cause[] {
  const { labels = {}, annotations = {}, finalizers = [], ownerReferences = [] } = metadata;
  const badKeys = (field: string, keys: readonly string[], what: string): Cause[] =>
    keys
      .filter((key) => !QUALIFIED_NAME.test(key))
      .map((key) => invalid(field, key, `not a valid ${what} name`));
  return [
    ...badKeys('metadata.labels', Object.keys(labels), 'label'),
    ...Object.values(labels)
      .filter((value) => !LABEL_VALUE.test(value))
      .map((value) =>
        invalid(
          'metadata.labels',
          value,
          'a valid label is at most 63 characters of alphanumerics, -, _ and .',
        ),
      ),
    ...badKeys('metadata.annotations', Object.keys(annotations), 'annotation'),
    ...annotationSize(annotations),
    ...badKeys('metadata.finalizers', finalizers, 'finalizer'),
    ...ownerCauses(ownerReferences),
  ];
}

const invalid = (field: string, value: unknown, why: string): Cause => ({
  field,
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${JSON.stringify(value)}: ${why}`,
});

function annotationSize(annotations: Readonly<Record<string, string>>): Cause[] {
  const bytes = Object.entries(annotations).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
  if (bytes <= ANNOTATIONS_LIMIT_BYTES) return [];
  const message = `Too long: may not be more than ${ANNOTATIONS_LIMIT_BYTES} bytes`;
  return [{ field: 'metadata.annotations', reason: 'FieldValueTooLong', message }];
}

function ownerCauses(owners: readonly OwnerReference[]): Cause[] {
  const causes = owners.flatMap((owner): Cause[] => {
    const { apiVersion, kind } = owner;
    const empty = (['kind', 'name', 'uid'] as const)
      .filter((field) => !owner[field])
      .map((field) => invalid(`metadata.ownerReferences.${field}`, '', 'must not be empty'));
    if (!/^[^/]+(\/[^/]+)?$/.test(apiVersion))
      return [
        invalid('metadata.ownerReferences.apiVersion', apiVersion, 'version must not be empty'),
        ...empty,
      ];
    // Events come and go too fast to own anything.
    return kind === 'Event' && apiVersion === 'v1'
      ? [invalid('metadata.ownerReferences', owner, '/v1, Kind=Event is disallowed from being an owner')]
      : empty;
  });
  const [first, second] = owners.filter(({ controller }) => controller === true);
  if (first && second) {
    const pair = `${first.kind}/${first.name} and ${second.kind}/${second.name}`;
    const why = `Only one reference can have Controller set to true. Found "true" in references for ${pair}`;
    causes.push(invalid('metadata.ownerReferences', owners, why));
  }
  return causes;
}
