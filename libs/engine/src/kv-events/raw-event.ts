/** Fields of an event in the order of the array layout; the index is the position. */
export const STORED_FIELDS = [
  'type',
  'block_hashes',
  'parent_block_hash',
  'token_ids',
  'block_size',
  'lora_id',
  'medium',
  'lora_name',
  'extra_keys',
  'group_idx',
  'kv_cache_spec_kind',
  'kv_cache_spec_sliding_window',
] as const;
export const REMOVED_FIELDS = ['type', 'block_hashes', 'medium', 'group_idx'] as const;
export const CLEARED_FIELDS = ['type'] as const;

export type FieldName = (typeof STORED_FIELDS)[number];

/** Fields that only maps have and that we know but do not need. */
const MAP_ONLY_FIELDS: ReadonlySet<string> = new Set([
  'locality',
  'ownership',
  'session_id',
  'lookahead_token_ids',
]);

/** One event as decoded from MessagePack, whichever layout it has. */
export class RawEvent {
  private constructor(
    private readonly array: readonly unknown[] | undefined,
    private readonly map: Readonly<Record<string, unknown>> | undefined,
    readonly tag: string,
  ) {}

  /** Undefined when the value has no tag where an event has one. */
  static of(value: unknown): RawEvent | undefined {
    if (Array.isArray(value)) {
      return typeof value[0] === 'string' ? new RawEvent(value, undefined, value[0]) : undefined;
    }
    if (isMap(value) && typeof value.type === 'string') {
      return new RawEvent(undefined, value, value.type);
    }
    return undefined;
  }

  /** Value of a field of the layout `fields`; undefined when absent. */
  get(fields: readonly FieldName[], name: FieldName): unknown {
    return this.array ? this.array[fields.indexOf(name)] : this.map?.[name];
  }

  /** How many fields are there that `fields` does not list. */
  unknownFields(fields: readonly FieldName[]): number {
    if (this.array) {
      return Math.max(0, this.array.length - fields.length);
    }
    let unknown = 0;
    for (const name of Object.keys(this.map ?? {})) {
      if (!(fields as readonly string[]).includes(name) && !MAP_ONLY_FIELDS.has(name)) {
        unknown++;
      }
    }
    return unknown;
  }
}

/** Whether MessagePack gave a map (and no array, bytes, extension or scalar). */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
