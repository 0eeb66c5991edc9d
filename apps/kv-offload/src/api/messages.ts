import { kvoffloadV1 } from '@penstock/contracts';
import type { ChunkView, CopyState, CopyView, StorageTier } from '@penstock/core/tiering';
import type { OffloadTerm } from '../application/offload-term.js';
import { bytesOf } from '../application/packed-keys.js';
import { parseScope } from '../application/scope.js';

const { Tier, CopyState: State } = kvoffloadV1;
const TIERS = { cpu: Tier.TIER_CPU, ssd: Tier.TIER_SSD, s3: Tier.TIER_S3 } as const satisfies Record<
  StorageTier,
  kvoffloadV1.Tier
>;
const STATES = {
  writing: State.COPY_STATE_WRITING,
  valid: State.COPY_STATE_VALID,
  reading: State.COPY_STATE_READING,
  deleting: State.COPY_STATE_DELETING,
} as const satisfies Record<CopyState, kvoffloadV1.CopyState>;

export function tierMessage(tier: StorageTier | undefined): kvoffloadV1.Tier {
  return tier === undefined ? Tier.TIER_UNSPECIFIED : TIERS[tier];
}

export function copyMessage({ place, state, lastUsedMs }: CopyView): kvoffloadV1.Copy {
  const { tier, node = '' } = place;
  return { tier: TIERS[tier], node, state: STATES[state], lastUsedMs: String(Math.round(lastUsedMs)) };
}

export function chunkMessage({ path, scope, keys, uses, copies }: ChunkView): kvoffloadV1.Chunk {
  const { namespace = '', pool = '' } = parseScope(scope) ?? {};
  const { sizeBytes = 0, crc32 = 0 } = copies[0] ?? {};
  return {
    ...{ path, poolNamespace: namespace, pool, blockKeys: bytesOf(keys), uses, crc32 },
    sizeBytes: String(sizeBytes),
    copies: copies.map(copyMessage),
  };
}

/** @param term undefined in a replica that does not decide: it knows nothing */
export function statsMessage(term: OffloadTerm | undefined): kvoffloadV1.StatsResponse {
  if (!term) return { tiers: [], nodes: [], moves: [], leader: false, s3Listed: false };
  return {
    leader: true,
    s3Listed: term.objects?.listed ?? false,
    tiers: term.tiers().map(({ tier, node, usedBytes, capacityBytes, chunks, blocks }) => ({
      ...{ tier: TIERS[tier], node, usedBytes: String(usedBytes), capacityBytes: String(capacityBytes) },
      ...{ chunks: String(chunks), blocks: String(blocks) },
    })),
    nodes: term.fleet.all().map(({ node, address, state, problem }) => ({ node, address, state, problem })),
    moves: term.log.all().map(({ from, to, chunks, bytes, failed }) => ({
      ...{ from: tierMessage(from), to: tierMessage(to) },
      ...{ chunks: String(chunks), bytes: String(bytes), failed: String(failed) },
    })),
  };
}
