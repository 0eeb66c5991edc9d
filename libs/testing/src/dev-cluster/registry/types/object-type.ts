import type { Json } from '../../object/api-object.js';

/** Types that are one JSON value. `Label` is a string that can be a DNS label; `Time`, `MicroTime`, `Duration` and `Quantity` are strings with a form of their own. */
export const SCALARS = [
  'string',
  'Label',
  'bytes',
  'bool',
  'int32',
  'int64',
  'number',
  'Time',
  'MicroTime',
  'Duration',
  'Quantity',
  'IntOrString',
  'any',
] as const;
export type Scalar = (typeof SCALARS)[number];

export type ValueType =
  | {
      readonly kind: 'scalar';
      readonly scalar: Scalar;
      /** The values a string may have. */
      readonly oneOf?: readonly string[];
      readonly minimum?: number;
      readonly maximum?: number;
    }
  | { readonly kind: 'list'; readonly of: ValueType }
  | { readonly kind: 'map'; readonly of: ValueType }
  /** Resolved when first asked for: types may contain themselves. */
  | { readonly kind: 'object'; readonly type: () => ObjectType };

/**
 * When a field is in the answer: `optional` unless it has its zero value, `kept` as it was sent, zero or not, `always`
 * also when it was not sent.
 */
export type Presence = 'optional' | 'kept' | 'always';

export interface Field {
  readonly name: string;
  /** Field number in the protobuf form of the type. */
  readonly number: number;
  readonly value: ValueType;
  readonly presence: Presence;
  readonly isRequired: boolean;
  readonly default?: Json;
  /** Keys that tell the items of a list apart in server-side apply; empty for a set of values. */
  readonly listKeys?: readonly string[];
  /** Key by which a strategic merge patch merges a list; empty to merge by value. */
  readonly mergeKey?: string;
  /** Owned as one value in server-side apply. */
  readonly isAtomic: boolean;
}

/** An object of a built-in kind, or a part of one. */
export interface ObjectType {
  readonly name: string;
  readonly isAtomic: boolean;
  readonly fields: ReadonlyMap<string, Field>;
  /** By protobuf field number; an embedded type, whose fields are in `fields` too, has a number of its own. */
  readonly byNumber: ReadonlyMap<number, Field | ObjectType>;
}
