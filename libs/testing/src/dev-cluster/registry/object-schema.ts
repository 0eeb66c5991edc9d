import type { Cause } from '../object/api-error.js';
import type { ApiObject, JsonObject } from '../object/api-object.js';

/** Admission by the schema of one version of a kind. */
export interface ObjectSchema {
  /**
   * Drops unknown fields and fills in defaults, in place.
   *
   * @returns paths of the dropped fields
   * @throws DecodeError for a value that cannot be read as its field's type
   */
  normalize(object: ApiObject): string[];
  /** The fields an object has before anyone has set them: nobody comes to own these. */
  empty(): JsonObject;
  /** The kind and all it consists of as OpenAPI v3 schemas, by name. `name` is for the kind itself. */
  describe(name: string, identity: JsonObject): JsonObject;
  validate(object: ApiObject, old?: ApiObject): Cause[];
}
