import { z } from 'zod';
import { DEFAULT_TENANT } from '../../application/instance-ranks.js';
import type { InstanceRegistration } from '../../application/instance-registry.js';
import { isHostPort } from '../../application/is-host-port.js';
import type { HashQuery } from '../../application/query-hashes.js';
import type { InstanceQuery } from '../../application/query-instances.js';

/** More than any context of today; the size of a body bounds it before. */
const MAX_TOKENS = 4 * 1024 * 1024;
const MAX_HASHES = 1024 * 1024;
const MAX_U32 = 0xffff_ffff;

const text = z
  .string()
  .max(512)
  .refine((value) => value.isWellFormed(), 'is no Unicode text: half of a surrogate pair is missing');
const named = text.min(1, 'must not be empty');
const optional = text.nullish().transform((value) => value ?? '');
const tenant = text.nullish().transform((value) => value || DEFAULT_TENANT);
/** Dynamo's are numbers, Conductor's are names. */
const instanceId = z
  .union([named, z.number().int().min(0), z.bigint().min(0n)], 'must be a string or a number')
  .transform(String);
const blockSize = z.number().int().min(1).max(65_536);
const rank = z.number().int().min(0).max(65_535);
const tokenIds = z.custom<number[]>(isTokenList, 'must be an array of token ids, whole numbers below 2^32');
const endpoint = text.refine(isConnectable, 'must be tcp://<host>:<port>, to be connected to');
const publisher = z
  .string()
  .max(64)
  .refine((value) => /^(vllm|sglang|mooncake)$/i.test(value), 'must be vLLM, SGLang or Mooncake');

/** `/query` of Mooncake's Conductor. */
export const conductorQuery = z
  .object({
    model: named,
    token_ids: tokenIds,
    tenant_id: tenant,
    instance_id: optional,
    block_size: blockSize.optional(),
    lora_name: optional,
    cache_salt: optional,
  })
  .transform(
    (body): InstanceQuery => ({
      model: body.model,
      tenantId: body.tenant_id,
      instanceId: body.instance_id,
      prompt: promptOf(body.model, body.token_ids, body.lora_name, body.cache_salt, body.block_size),
    }),
  );

/** `/query` of Dynamo's indexer. */
export const dynamoQuery = z
  .object({
    model_name: named,
    token_ids: tokenIds,
    routing_group: text.nullish(),
    tenant_id: text.nullish(),
    lora_name: optional,
    cache_salt: optional,
  })
  .transform(
    (body): InstanceQuery => ({
      model: body.model_name,
      tenantId: groupOf(body),
      instanceId: '',
      prompt: promptOf(body.model_name, body.token_ids, body.lora_name, body.cache_salt),
    }),
  );

const hashes = z
  .array(z.union([z.number(), z.bigint(), z.string().max(66)]))
  .max(MAX_HASHES, `at most ${MAX_HASHES} hashes`)
  .transform((list, context) => {
    const words = list.map(lowWord);
    const wrong = words.indexOf(undefined);
    if (wrong >= 0) context.addIssue({ code: 'custom', path: [wrong], message: 'is no 64-bit hash' });
    return BigUint64Array.from(words.filter((word) => word !== undefined));
  });

/** `/query_by_hash` of Mooncake's Conductor; `block_hash` is the name of earlier drafts. */
export const hashQuery = z
  .object({
    model: named,
    seq_hashes: hashes.optional(),
    block_hash: hashes.optional(),
    tenant_id: tenant,
    instance_id: optional,
    block_size: blockSize.optional(),
  })
  .refine((body) => body.seq_hashes !== undefined || body.block_hash !== undefined, {
    path: ['seq_hashes'],
    error: 'is required',
  })
  .transform(
    (body): HashQuery => ({
      model: body.model,
      hashes: body.seq_hashes ?? body.block_hash ?? new BigUint64Array(0),
      tenantId: body.tenant_id,
      instanceId: body.instance_id,
      blockSize: body.block_size ?? 0,
    }),
  );

/** `/register` of Mooncake's Conductor. The adapter of a block is named by its events; salts come with queries. */
export const conductorRegistration = z
  .object({
    endpoint,
    replay_endpoint: z.union([z.literal(''), endpoint]).nullish(),
    type: publisher,
    modelname: named,
    tenant_id: tenant,
    instance_id: instanceId,
    block_size: blockSize,
    dp_rank: rank.default(0),
  })
  .transform(
    (body): InstanceRegistration => ({
      tenantId: body.tenant_id,
      instanceId: body.instance_id,
      dpRank: body.dp_rank,
      model: body.modelname,
      blockSize: body.block_size,
      endpoint: body.endpoint,
      replayEndpoint: body.replay_endpoint ?? '',
      type: body.type,
    }),
  );

/** `/register` of Dynamo's indexer. */
export const dynamoRegistration = z
  .object({
    endpoint,
    replay_endpoint: z.union([z.literal(''), endpoint]).nullish(),
    model_name: named,
    routing_group: text.nullish(),
    tenant_id: text.nullish(),
    instance_id: instanceId,
    block_size: blockSize,
    dp_rank: rank.nullish(),
  })
  .transform(
    (body): InstanceRegistration => ({
      tenantId: groupOf(body),
      instanceId: body.instance_id,
      dpRank: body.dp_rank ?? 0,
      model: body.model_name,
      blockSize: body.block_size,
      endpoint: body.endpoint,
      replayEndpoint: body.replay_endpoint ?? '',
      type: 'dynamo',
    }),
  );

/** `/unregister` of Mooncake's Conductor: one rank. */
export const conductorRemoval = z
  .object({ instance_id: instanceId, tenant_id: tenant, dp_rank: rank.default(0) })
  .transform((body) => ({ instanceId: body.instance_id, tenantId: body.tenant_id, dpRank: body.dp_rank }));

/** `/unregister` of Dynamo's indexer: every rank, of every group, unless it is named. */
export const dynamoRemoval = z
  .object({
    instance_id: instanceId,
    model_name: named,
    routing_group: text.nullish(),
    tenant_id: text.nullish(),
    dp_rank: rank.nullish(),
  })
  .transform((body) => ({
    instanceId: body.instance_id,
    tenantId: body.routing_group ?? body.tenant_id ?? undefined,
    dpRank: body.dp_rank ?? undefined,
  }));

function promptOf(model: string, tokenIds: number[], lora: string, cacheSalt: string, blockSize = 0) {
  return { model, tenant: '', lora, cacheSalt, tokenIds, blockSize };
}

/** Dynamo called it the tenant first. */
function groupOf(body: { routing_group?: string | null | undefined; tenant_id?: string | null | undefined }) {
  return body.routing_group || body.tenant_id || DEFAULT_TENANT;
}

/** One look at each: an error per element would be no help, and long. */
function isTokenList(value: unknown): boolean {
  if (!Array.isArray(value) || value.length > MAX_TOKENS) return false;
  for (const token of value) {
    if (typeof token !== 'number' || !Number.isInteger(token) || token < 0 || token > MAX_U32) return false;
  }
  return true;
}

/** Low 64 bits: of a number, signed or not, or of its decimal digits, or of hexadecimal ones after 0x. */
function lowWord(hash: number | bigint | string): bigint | undefined {
  if (typeof hash === 'number' && !Number.isSafeInteger(hash)) return undefined;
  if (typeof hash === 'string' && !/^(-?\d{1,20}|0x[0-9a-fA-F]{1,64})$/.test(hash)) return undefined;
  const value = BigInt(hash);
  const isHexadecimal = typeof hash === 'string' && hash.startsWith('0x');
  if (!isHexadecimal && (value >= 1n << 64n || value < -(1n << 63n))) return undefined;
  return BigInt.asUintN(64, value);
}

function isConnectable(value: string): boolean {
  return value.startsWith('tcp://') && isHostPort(value.slice('tcp://'.length));
}
