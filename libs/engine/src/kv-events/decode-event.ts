import type { EngineEvent, ExtraKey, RemovedEvent, StoredEvent } from '@penstock/core/kv';
import { count, type Problems } from './event-problem.js';
import {
  areTokenIds,
  extraKeyList,
  hashList,
  hashValue,
  optionalCount,
  wholeDigest,
} from './field-values.js';
import { isFileMedium, tierOfMedium } from './medium-tier.js';
import {
  CLEARED_FIELDS,
  type FieldName,
  isMap,
  RawEvent,
  REMOVED_FIELDS,
  STORED_FIELDS,
} from './raw-event.js';

export interface DecodedEvent {
  /** Absent when the event could not be used. */
  readonly event?: EngineEvent;
  /** Whether the part that could not be used may have said that blocks are gone. */
  readonly removalsLost: boolean;
}

/** One event of a batch in any known layout; what is wrong is counted in `problems`, nothing throws. */
export function decodeEvent(value: unknown, problems: Problems): DecodedEvent {
  const raw = RawEvent.of(value);
  switch (raw?.tag) {
    case 'BlockStored':
      return { event: storedEvent(raw, problems), removalsLost: false };
    case 'BlockRemoved':
      return removedEvent(raw, problems);
    case 'AllBlocksCleared':
      countUnknown(raw, CLEARED_FIELDS, problems);
      return { event: { type: 'cleared' }, removalsLost: false };
    case undefined:
      count(problems, 'not-an-event');
      return { removalsLost: true };
    default:
      count(problems, 'unknown-event');
      return { removalsLost: false };
  }
}

function storedEvent(raw: RawEvent, problems: Problems): StoredEvent | undefined {
  const get = (name: FieldName) => raw.get(STORED_FIELDS, name);
  countUnknown(raw, STORED_FIELDS, problems);
  const list = hashList(get('block_hashes'));
  const parentValue = get('parent_block_hash') ?? null;
  const parent = parentValue === null ? null : hashValue(parentValue);
  if (!list || list.bad > 0 || parent === undefined) {
    return refused(problems, 'bad-hash');
  }
  const blockSize = get('block_size');
  if (!Number.isSafeInteger(blockSize) || (blockSize as number) < 0) {
    return refused(problems, 'bad-block-size');
  }
  const tokenIds = get('token_ids') ?? [];
  if (!Array.isArray(tokenIds) || !areTokenIds(tokenIds)) {
    return refused(problems, 'bad-tokens');
  }
  if (tokenIds.length > 0 && tokenIds.length !== list.hashes.length * (blockSize as number)) {
    return refused(problems, 'token-count');
  }
  const identity = identityOf(get, list.hashes.length, parent === null);
  if (typeof identity === 'string') {
    return refused(problems, identity);
  }
  const groupIdx = optionalCount(get('group_idx'));
  if (groupIdx === 'bad') {
    return refused(problems, 'bad-group');
  }
  const specKind = get('kv_cache_spec_kind');
  const medium = get('medium');
  const stored: StoredEvent = {
    type: 'stored',
    hashes: list.hashes,
    // llm-d's storage backend writes 0 where vLLM writes nil.
    parent: parent === 0n ? null : parent,
    tokenIds,
    blockSize: blockSize as number,
    tier: tierOf(medium, problems),
    loraName: identity.loraName,
    extraKeys: identity.extraKeys,
    groupIdx,
    specKind: typeof specKind === 'string' ? specKind : undefined,
  };
  if (tokenIds.length > 0 || !isFileMedium(medium)) {
    return stored;
  }
  return { ...stored, fileDigest: wholeDigest((get('block_hashes') as unknown[]).at(-1)) };
}

function removedEvent(raw: RawEvent, problems: Problems): DecodedEvent {
  countUnknown(raw, REMOVED_FIELDS, problems);
  const list = hashList(raw.get(REMOVED_FIELDS, 'block_hashes'));
  const groupIdx = optionalCount(raw.get(REMOVED_FIELDS, 'group_idx'));
  if (!list || groupIdx === 'bad') {
    count(problems, list ? 'bad-group' : 'bad-hash');
    return { removalsLost: true };
  }
  if (list.bad > 0) {
    count(problems, 'bad-hash');
  }
  const event: RemovedEvent = {
    type: 'removed',
    hashes: list.hashes,
    tier: tierOf(raw.get(REMOVED_FIELDS, 'medium'), problems),
    groupIdx,
  };
  return { event, removalsLost: list.bad > 0 };
}

interface Identity {
  readonly loraName?: string;
  readonly extraKeys?: ReadonlyArray<readonly ExtraKey[] | null>;
}

/** LoRA and extra keys; a reason when they cannot be read, for then the blocks may belong to someone else. */
function identityOf(
  get: (name: FieldName) => unknown,
  blocks: number,
  startsPrompt: boolean,
): Identity | 'bad-lora' | 'bad-extra-keys' {
  const loraId = optionalCount(get('lora_id'));
  const name = get('lora_name') ?? undefined;
  // SGLang puts its salt where vLLM puts the LoRA name.
  const salt = isMap(name) ? name.cache_salt : undefined;
  if (loraId === 'bad' || (name !== undefined && typeof name !== 'string' && typeof salt !== 'string')) {
    return 'bad-lora';
  }
  const keys = perBlockKeys(get('extra_keys') ?? undefined, blocks);
  if (keys === 'bad') {
    return 'bad-extra-keys';
  }
  return {
    // Engines older than `lora_name` send only a number, which must still keep its blocks apart.
    loraName: typeof name === 'string' ? name : loraId === undefined ? undefined : `lora-id-${loraId}`,
    extraKeys:
      typeof salt === 'string' && startsPrompt
        ? Array.from({ length: blocks }, (_, i) => (i === 0 ? [salt] : null))
        : keys,
  };
}

function perBlockKeys(
  value: unknown,
  blocks: number,
): ReadonlyArray<readonly ExtraKey[] | null> | undefined | 'bad' {
  if (value === undefined) {
    return undefined;
  }
  if (!Array.isArray(value) || value.length !== blocks) {
    return 'bad';
  }
  if (value.every((keys) => keys === null)) {
    return undefined;
  }
  const perBlock: Array<readonly ExtraKey[] | null> = [];
  for (const keys of value) {
    const list = keys === null ? null : extraKeyList(keys);
    if (list === undefined) {
      return 'bad';
    }
    perBlock.push(list);
  }
  return perBlock;
}

function tierOf(medium: unknown, problems: Problems) {
  const tier = tierOfMedium(medium);
  if (tier === 'unknown') {
    count(problems, 'unknown-medium');
  }
  return tier;
}

function countUnknown(raw: RawEvent, fields: readonly FieldName[], problems: Problems): void {
  if (raw.unknownFields(fields) > 0) {
    count(problems, 'unknown-field');
  }
}

function refused(problems: Problems, problem: Parameters<typeof count>[1]): undefined {
  count(problems, problem);
  return undefined;
}
