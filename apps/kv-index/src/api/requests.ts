import { z } from 'zod';
import type { PromptQuery } from '../application/prompt-keys.js';

/** The longest context any engine serves today is 10 million tokens; beyond it a request is a mistake. */
const MAX_TOKENS = 16 * 1024 * 1024;

const name = z.string().max(512).default('');
const namespace = z
  .object({ model: name, tenant: name, lora: name, cacheSalt: name })
  .nullish()
  .transform((value) => value ?? { model: '', tenant: '', lora: '', cacheSalt: '' });

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
    blockKeys: z
      .instanceof(Uint8Array)
      .default(() => new Uint8Array(0))
      .refine((bytes) => bytes.length % 8 === 0, 'must be 8 bytes per key')
      .refine((bytes) => bytes.length <= MAX_TOKENS, `at most ${MAX_TOKENS / 8} keys`),
    blockSize: z.number().int().min(0).max(65_536).default(0),
  })
  .refine(
    (p) => p.tokenIds.length === 0 || p.blockKeys.length === 0,
    'give token_ids or block_keys, not both',
  )
  .refine(
    (p) => p.blockKeys.length > 0 || p.namespace.model !== '',
    'namespace.model is required with token_ids',
  )
  .transform(toQuery);

const pool = { poolNamespace: z.string().max(63).default(''), pool: z.string().max(253).default('') };
const missing = { error: 'is required' };

/** `ScoreEndpoints` and `Lookup`. */
export const promptRequest = z.object(
  { ...pool, prompt: z.preprocess((v) => v ?? undefined, prompt) },
  missing,
);
export const listEnginesRequest = z.object(pool);
export const listEngineBlocksRequest = z.object({ engineId: z.string().min(1, 'is required').max(512) });

function toQuery(value: {
  namespace: { model: string; tenant: string; lora: string; cacheSalt: string };
  tokenIds: number[];
  blockKeys: Uint8Array;
  blockSize: number;
}): PromptQuery {
  const { tokenIds, blockKeys, blockSize } = value;
  // A copy: the bytes of a message need not start at a multiple of 8.
  const keys = blockKeys.length > 0 ? new BigUint64Array(new Uint8Array(blockKeys).buffer) : undefined;
  return { ...value.namespace, tokenIds, keys, blockSize };
}
