import type { KeyList, PromptItem } from '@penstock/core/kv';
import { z } from 'zod';
import type { PromptQuery } from '../../application/prompt-keys.js';

/** The longest context any engine serves today is 10 million tokens; beyond it a request is a mistake. */
const MAX_TOKENS = 16 * 1024 * 1024;
/** Each costs a look at every block. */
const MAX_ITEMS = 128;
const MAX_PODS = 10_000;
const MAX_DIFFERENCES = 1_000_000;

const name = z.string().max(512).default('');
const namespace = z
  .object({ model: name, tenant: name, lora: name, cacheSalt: name })
  .nullish()
  .transform((value) => value ?? { model: '', tenant: '', lora: '', cacheSalt: '' });
const bytes = z.instanceof(Uint8Array).default(() => new Uint8Array(0));
const items = z
  .array(
    z.object({
      identifier: z.string().min(1, 'is required').max(512),
      offset: z.number().int().min(0),
      length: z.number().int().min(1, 'an item takes up at least one token'),
    }),
  )
  .max(MAX_ITEMS, `at most ${MAX_ITEMS} items`)
  .default([])
  .refine(
    (list) => list.every((item, i) => i === 0 || item.offset >= (list[i - 1] as PromptItem).offset),
    'must be in the order of their offsets',
  );

const prompt = z
  .object({
    namespace,
    // Protobuf made them unsigned 32-bit integers; checking 100,000 of them again would cost more than the lookup.
    tokenIds: z
      .custom<number[]>(
        (value) => Array.isArray(value) && value.length <= MAX_TOKENS,
        `at most ${MAX_TOKENS} token ids`,
      )
      .default([]),
    blockKeys: bytes
      .refine((value) => value.length % 8 === 0, 'must be 8 bytes per key')
      .refine((value) => value.length <= MAX_TOKENS, `at most ${MAX_TOKENS / 8} keys`),
    blockChecks: bytes,
    items,
    blockSize: z.number().int().min(0).max(65_536).default(0),
  })
  .refine(
    (p) => p.tokenIds.length === 0 || p.blockKeys.length === 0,
    'give token_ids or block_keys, not both',
  )
  .refine((p) => p.blockKeys.length > 0 || p.namespace.model !== '', {
    path: ['namespace', 'model'],
    error: 'namespace.model is required with token_ids',
  })
  .refine((p) => p.blockChecks.length === 0 || p.blockChecks.length * 2 === p.blockKeys.length, {
    path: ['blockChecks'],
    error: 'must be 4 bytes for each of block_keys, or empty',
  })
  .refine((p) => p.items.length === 0 || p.tokenIds.length > 0, {
    path: ['items'],
    error: 'go with token_ids; block_keys already cover them',
  })
  .transform(toQuery);

const pool = { poolNamespace: z.string().max(63).default(''), pool: z.string().max(253).default('') };
const missing = { error: 'is required' };
const engineId = z.string().min(1, 'is required').max(512);
const isSet = z.boolean().default(false);

/** `ScoreEndpoints` and `Lookup`. */
export const promptRequest = z.object(
  { ...pool, prompt: z.preprocess((v) => v ?? undefined, prompt) },
  missing,
);
/** A message of `ScoreEndpointsStream`; the request in it is checked by itself. */
export const streamedRequest = z.object({ requestId: z.string().max(512).default(''), request: z.unknown() });
export const listEnginesRequest = z.object({ ...pool, includeStorage: isSet });
export const listEngineBlocksRequest = z.object({ engineId });
export const verifyRequest = z.object({
  engineId,
  maxDifferences: z.number().int().min(0).max(MAX_DIFFERENCES, `at most ${MAX_DIFFERENCES}`).default(0),
});
export const watchRequest = z.object({ ...pool, includeBlocks: isSet });
export const podScoresRequest = z.object({
  prompt: z.string().min(1, 'is required'),
  modelName: z.string().min(1, 'is required').max(512),
  podIdentifiers: z.array(z.string().max(512)).max(MAX_PODS, `at most ${MAX_PODS} pods`).default([]),
});

function toQuery(value: {
  namespace: { model: string; tenant: string; lora: string; cacheSalt: string };
  tokenIds: number[];
  blockKeys: Uint8Array;
  blockChecks: Uint8Array;
  items: PromptItem[];
  blockSize: number;
}): PromptQuery {
  const { tokenIds, blockKeys, blockChecks, items, blockSize } = value;
  const prompt = { ...value.namespace, tokenIds, items, blockSize };
  return blockKeys.length > 0 ? { ...prompt, keys: keyList(blockKeys, blockChecks) } : prompt;
}

/** A copy: the bytes of a message need not start at a multiple of 8. */
function keyList(keyBytes: Uint8Array, checkBytes: Uint8Array): KeyList {
  const keys = new BigUint64Array(new Uint8Array(keyBytes).buffer);
  if (checkBytes.length === 0) return { keys };
  return { keys, checks: new Uint32Array(new Uint8Array(checkBytes).buffer) };
}
