/** Label of everything that a translation made: `<kind of the source>.<name of the source>`, cut to 63 characters. */
export const TRANSLATED_FROM_LABEL = 'penstock.dev/translated-from';

/** Label of the pods of a translation: the InferencePool that selects them. */
export const POOL_LABEL = 'penstock.dev/pool';
