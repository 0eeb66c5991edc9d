import type { EngineEvent, ExtraKey, Locality, RemovedEvent, StoredEvent } from '@penstock/core/kv';
import { count, type Problems } from './event-problem.js';
import { extraKeyList, isMap, optionalCount } from './field-values.js';
import { isFileMedium, tierOfMedium } from './medium-tier.js';
import { BAD } from './message-cursor.js';
import type { RawEvent } from './raw-event.js';

/**
 * Adds to `events` what one event says, of any known layout; what is wrong is counted in `problems`, nothing throws.
 *
 * @returns whether the part that could not be used may have said that blocks are gone
 */
export function decodeEvent(raw: RawEvent, events: EngineEvent[], problems: Problems): boolean {
  switch (raw.tag) {
    case 'BlockStored': {
      const event = storedEvent(raw, problems);
      if (event) events.push(event);
      break;
    }
    case 'BlockRemoved':
      return addRemoval(raw, raw.medium, events, problems);
    case 'BlockTransferred':
      // First the new place: a block that is nowhere any more is forgotten.
      addPlacement(raw, events);
      return addRemoval(raw, raw.fromMedium, events, problems);
    case 'AllBlocksCleared':
      // Mooncake clears one tenant, ATOM may clear one medium: then this forgets too much and claims nothing wrong.
      events.push({ type: 'cleared' });
      break;
    case undefined:
      count(problems, 'not-an-event');
      return true;
    default:
      count(problems, 'unknown-event');
      return false;
  }
  countUnknown(raw, problems);
  return false;
}

function storedEvent(raw: RawEvent, problems: Problems): StoredEvent | undefined {
  const { hashes: list, parent = null, tokenIds = [] } = raw;
  if (list === undefined || list === BAD || list.bad > 0 || parent === BAD) {
    return refused(problems, 'bad-hash');
  }
  const blockSize = optionalCount(raw.blockSize) ?? 0;
  if (blockSize === 'bad') {
    return refused(problems, 'bad-block-size');
  }
  if (tokenIds === BAD) {
    return refused(problems, 'bad-tokens');
  }
  const groupIdx = optionalCount(raw.groupIdx);
  const slidingWindow = optionalCount(raw.slidingWindow);
  if (groupIdx === 'bad' || slidingWindow === 'bad') {
    return refused(problems, 'bad-group');
  }
  const named = list.hashes.length * blockSize;
  // A group of a hybrid model leaves out blocks outside its window, but not their tokens.
  const isSparse = groupIdx !== undefined && blockSize > 0 && tokenIds.length > named;
  if (tokenIds.length > 0 && tokenIds.length !== named && !isSparse) {
    return refused(problems, 'token-count');
  }
  const identity = identityOf(raw, isSparse ? undefined : list.hashes.length, parent === null);
  if (typeof identity === 'string') {
    return refused(problems, identity);
  }
  const medium = raw.medium;
  const stored: StoredEvent = {
    type: 'stored',
    hashes: list.hashes,
    // llm-d's storage backend writes 0 where vLLM writes nil.
    parent: parent === 0n ? null : parent,
    tokenIds,
    blockSize,
    tier: tierOf(medium, problems),
    loraName: identity.loraName,
    extraKeys: identity.extraKeys,
    groupIdx,
    specKind: text(raw.specKind),
    slidingWindow,
    tenant: text(raw.tenant),
    locality: localityOf(raw),
  };
  return tokenIds.length > 0 || !isFileMedium(medium) ? stored : { ...stored, fileDigest: digestOf(raw) };
}

function addPlacement(raw: RawEvent, events: EngineEvent[]): void {
  const { hashes: list } = raw;
  const groupIdx = optionalCount(raw.groupIdx);
  const medium = raw.toMedium;
  const tier = medium === undefined ? 'unknown' : tierOfMedium(medium);
  // What another engine or a medium without a tier holds is not ours to claim.
  if (list === undefined || list === BAD || groupIdx === 'bad' || tier === 'unknown') return;
  const { hashes } = list;
  events.push({
    type: 'stored',
    hashes,
    parent: null,
    tokenIds: [],
    blockSize: 0,
    tier,
    groupIdx,
  });
}

function addRemoval(raw: RawEvent, medium: unknown, events: EngineEvent[], problems: Problems): boolean {
  countUnknown(raw, problems);
  const { hashes: list } = raw;
  const groupIdx = optionalCount(raw.groupIdx);
  if (list === undefined || list === BAD || groupIdx === 'bad') {
    count(problems, groupIdx === 'bad' ? 'bad-group' : 'bad-hash');
    return true;
  }
  if (list.bad > 0) {
    count(problems, 'bad-hash');
  }
  const removed: RemovedEvent = {
    type: 'removed',
    hashes: list.hashes,
    tier: tierOf(medium, problems),
    groupIdx,
    locality: localityOf(raw),
  };
  events.push(removed);
  // A medium that is no name does not say where the blocks are gone from.
  return list.bad > 0 || (medium !== undefined && typeof medium !== 'string');
}

interface Identity {
  readonly loraName?: string;
  readonly extraKeys?: ReadonlyArray<readonly ExtraKey[] | null>;
}

/**
 * LoRA and extra keys; a reason when they cannot be read, for then the blocks may belong to someone else. Without a number
 * of blocks, extra keys cannot be assigned to any.
 */
function identityOf(
  raw: RawEvent,
  blocks: number | undefined,
  startsPrompt: boolean,
): Identity | 'bad-lora' | 'bad-extra-keys' {
  const loraId = optionalCount(raw.loraId);
  const name = raw.loraName;
  // SGLang puts its salt where vLLM puts the LoRA name.
  const salt = isMap(name) ? name.cache_salt : undefined;
  if (loraId === 'bad' || (name !== undefined && typeof name !== 'string' && typeof salt !== 'string')) {
    return 'bad-lora';
  }
  const keys = blocks === undefined ? undefined : perBlockKeys(raw.extraKeys, blocks);
  if (keys === 'bad') {
    return 'bad-extra-keys';
  }
  return {
    // Engines older than `lora_name` send only a number, which must still keep its blocks apart.
    loraName: typeof name === 'string' ? name : loraId === undefined ? undefined : `lora-id-${loraId}`,
    extraKeys:
      typeof salt === 'string' && startsPrompt && blocks !== undefined
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

/** The digest behind the last hash; null where the engine sent an integer. */
function digestOf({ lastDigest }: RawEvent): Uint8Array | null {
  // A copy: the original is a window on the whole message and would keep it in memory.
  return lastDigest ? Uint8Array.from(lastDigest) : null;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function localityOf(raw: RawEvent): Locality | undefined {
  const value = raw.locality;
  return value === 'LOCAL' ? 'local' : value === 'REMOTE' ? 'remote' : undefined;
}

function tierOf(medium: unknown, problems: Problems) {
  const tier = tierOfMedium(medium);
  if (tier === 'unknown') {
    count(problems, 'unknown-medium');
  }
  return tier;
}

function countUnknown(raw: RawEvent, problems: Problems): void {
  if (raw.unknownFields > 0) {
    count(problems, 'unknown-field');
  }
}

function refused(problems: Problems, problem: Parameters<typeof count>[1]): undefined {
  count(problems, problem);
  return undefined;
}
