/** Label of everything that a translation made: `<kind of the source>.<name of the source>`, cut to 63 characters. */
export const TRANSLATED_FROM_LABEL = 'penstock.dev/translated-from';

/** Annotation of everything that a translation made: hash of what was last applied. */
export const TRANSLATION_HASH_ANNOTATION = 'penstock.dev/translation-hash';

/** Label of the pods of a translation: the InferencePool that selects them. */
export const POOL_LABEL = 'penstock.dev/pool';

/** Value of the label for one source. Owner references say exactly which; this finds them with one list. */
export function translatedFrom(label: string, name: string): string {
  return `${label}.${name}`.slice(0, 63).replace(/[^a-z0-9]+$/, '');
}
