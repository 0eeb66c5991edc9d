import type { JsonObject } from '../object/api-object.js';

/** How the fields that every object has beside its metadata are explained. */
export const IDENTITY_FIELDS: JsonObject = {
  apiVersion: { type: 'string', description: 'Group and version of the kind.' },
  kind: { type: 'string', description: 'What kind of object this is.' },
};
