import { KnownNames } from './known-names.js';
import { BAD, type HashList, type MessageCursor } from './message-cursor.js';

/** Fields of each event in the order of the array layout; the index is the position. */
const POSITIONS: Readonly<Record<string, readonly FieldName[]>> = {
  BlockStored: [
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
    // AMD ATOM: the position of the first token
    'unused',
  ],
  BlockRemoved: ['type', 'block_hashes', 'medium', 'group_idx'],
  // AMD ATOM names a medium
  AllBlocksCleared: ['type', 'medium'],
  // AMD ATOM
  BlockTransferred: ['type', 'block_hashes', 'from_medium', 'to_medium', 'group_idx'],
};

/** Names of Mooncake's own, beside which it may leave vLLM's out. */
const ALIASES: Readonly<Record<string, FieldName>> = {
  event_type: 'type',
  seq_hashes: 'block_hashes',
  parent_hash: 'parent_block_hash',
};
const TAG_ALIASES: Readonly<Record<string, string>> = {
  stored: 'BlockStored',
  removed: 'BlockRemoved',
  cleared: 'AllBlocksCleared',
};

/** What maps say besides and what is of use. */
const MAP_FIELDS: readonly FieldName[] = ['locality', 'tenant_id'];

/** Fields that are known and not needed: of vLLM's maps, and of Mooncake's. */
const UNUSED_FIELDS: readonly string[] = [
  'token_offset',
  'ownership',
  'session_id',
  'lookahead_token_ids',
  'event_id',
  'timestamp',
  'model_name',
  'additional_salt',
  'backend_id',
  'dp_rank',
  'group_id',
  'object_key',
  'connector_block_hash',
  'cache_prefix',
  'base_block_idx',
  'tp_rank',
  'head_or_tp_rank',
  'pcp_rank',
  'dcp_rank',
  'pp_rank',
  'layer_id',
];

const BATCH_FIELDS = ['ts', 'events', 'data_parallel_rank', 'attn_dp_rank'];
const VALUES = ['GPU', 'CPU', 'STORAGE', 'CPU_PINNED', 'DISK', 'cpu', 'disk', 'LOCAL', 'REMOTE'];
const KINDS = ['full_attention', 'mla_attention', 'sink_full_attention', 'sliding_window'];

export type FieldName =
  | 'type'
  | 'block_hashes'
  | 'parent_block_hash'
  | 'token_ids'
  | 'block_size'
  | 'lora_id'
  | 'medium'
  | 'lora_name'
  | 'extra_keys'
  | 'group_idx'
  | 'kv_cache_spec_kind'
  | 'kv_cache_spec_sliding_window'
  | 'from_medium'
  | 'to_medium'
  | 'locality'
  | 'tenant_id'
  /** Known, and not needed. */
  | 'unused';

const FIELD_OF: ReadonlyMap<string, FieldName> = new Map([
  ...[...Object.values(POSITIONS).flat(), ...MAP_FIELDS].map((name) => [name, name] as const),
  ...Object.entries(ALIASES),
  ...UNUSED_FIELDS.map((name) => [name, 'unused'] as const),
]);

/** Every string that a message holds over and over. */
export const MESSAGE_NAMES = new KnownNames([
  ...FIELD_OF.keys(),
  ...Object.keys(POSITIONS),
  ...Object.keys(TAG_ALIASES),
  ...BATCH_FIELDS,
  ...VALUES,
  ...KINDS,
]);

/** One event with its fields as they came, whichever layout it has. Fields that are absent or nil are undefined. */
export class RawEvent {
  tag: string | undefined;
  hashes: HashList | typeof BAD | undefined;
  parent: bigint | null | typeof BAD | undefined;
  tokenIds: readonly number[] | typeof BAD | undefined;
  /** Fields that this layout does not have. */
  unknownFields = 0;
  blockSize: unknown;
  loraId: unknown;
  loraName: unknown;
  extraKeys: unknown;
  medium: unknown;
  fromMedium: unknown;
  toMedium: unknown;
  groupIdx: unknown;
  specKind: unknown;
  slidingWindow: unknown;
  locality: unknown;
  tenant: unknown;

  /** Without a cursor: an event that could not be read at all. */
  constructor(private readonly cursor?: MessageCursor) {}

  /** Reads the event that comes next; one without a tag when there is none. */
  static read(cursor: MessageCursor): RawEvent {
    const event = new RawEvent(cursor);
    const items = cursor.enterArray();
    const entries = items === undefined ? cursor.enterMap() : undefined;
    if (items !== undefined) event.readItems(cursor, items);
    else if (entries !== undefined) event.readEntries(cursor, entries);
    else cursor.skip();
    return event;
  }

  /** The whole digest of the last hash, a window on the message; undefined when it is an integer, or there is none. */
  get lastDigest(): Uint8Array | undefined {
    const { hashes } = this;
    return hashes && hashes !== BAD && hashes.lastAt >= 0 ? this.cursor?.digestAt(hashes.lastAt) : undefined;
  }

  private readItems(cursor: MessageCursor, items: number): void {
    if (items === 0) return;
    this.readField(cursor, 'type');
    const positions = this.tag === undefined ? undefined : POSITIONS[this.tag];
    for (let i = 1; i < items; i++) {
      const name = positions?.[i];
      if (name !== undefined) this.readField(cursor, name);
      else {
        cursor.skip();
        this.unknownFields++;
      }
    }
  }

  private readEntries(cursor: MessageCursor, entries: number): void {
    for (let i = 0; i < entries; i++) {
      const key = cursor.value();
      const name = typeof key === 'string' ? FIELD_OF.get(key) : undefined;
      if (name !== undefined) this.readField(cursor, name);
      else {
        cursor.skip();
        this.unknownFields++;
      }
    }
  }

  private readField(cursor: MessageCursor, name: FieldName): void {
    switch (name) {
      case 'type':
        this.readTag(cursor.value());
        return;
      case 'block_hashes':
        this.hashes = cursor.hashList();
        return;
      case 'parent_block_hash':
        this.parent = cursor.hash();
        return;
      case 'token_ids':
        this.tokenIds = cursor.tokenIds();
        return;
      case 'block_size':
        this.blockSize = present(cursor);
        return;
      case 'lora_id':
        this.loraId = present(cursor);
        return;
      case 'medium':
        this.medium = present(cursor);
        return;
      case 'lora_name':
        this.loraName = present(cursor);
        return;
      case 'extra_keys':
        this.extraKeys = present(cursor);
        return;
      case 'group_idx':
        this.groupIdx = present(cursor);
        return;
      case 'kv_cache_spec_kind':
        this.specKind = present(cursor);
        return;
      case 'kv_cache_spec_sliding_window':
        this.slidingWindow = present(cursor);
        return;
      case 'from_medium':
        this.fromMedium = present(cursor);
        return;
      case 'to_medium':
        this.toMedium = present(cursor);
        return;
      case 'locality':
        this.locality = present(cursor);
        return;
      case 'tenant_id':
        this.tenant = present(cursor);
        return;
      case 'unused':
        cursor.skip();
    }
  }

  private readTag(value: unknown): void {
    if (typeof value === 'string') this.tag = TAG_ALIASES[value] ?? value;
  }
}

/** Nil and an absent field are the same. */
function present(cursor: MessageCursor): unknown {
  return cursor.value() ?? undefined;
}
