import { kvindexV1 } from '@penstock/contracts';
import type { KvDelta, Tier } from '@penstock/core/kv';
import type { EngineReport, EngineSource } from '../../application/list-engines.js';
import type { EndpointScores } from '../../application/score-endpoints.js';
import type { Verification } from '../../application/verify-engine.js';
import type { StatePart, WatchEvent } from '../../application/watch-index.js';

export const TIER_NAMES: Record<Tier, kvindexV1.Tier> = {
  gpu: kvindexV1.Tier.TIER_GPU,
  cpu: kvindexV1.Tier.TIER_CPU,
  ssd: kvindexV1.Tier.TIER_SSD,
  s3: kvindexV1.Tier.TIER_S3,
};
const SOURCES: Record<EngineSource, kvindexV1.EngineSource> = {
  exact: kvindexV1.EngineSource.ENGINE_SOURCE_EXACT,
  approximate: kvindexV1.EngineSource.ENGINE_SOURCE_APPROXIMATE,
  storage: kvindexV1.EngineSource.ENGINE_SOURCE_STORAGE,
};
/** Blocks per message: 16 bytes each at most. */
const PART_BLOCKS = 32_768;

export function scoresMessage({ endpoints, promptTokens, blockSize }: EndpointScores) {
  const named = endpoints.map((endpoint) => ({
    ...endpoint,
    byTier: endpoint.byTier.map(({ tier, tokens }) => ({ tier: TIER_NAMES[tier], tokens })),
    byRank: [...endpoint.byRank],
  }));
  return { endpoints: named, promptTokens, blockSize } satisfies kvindexV1.ScoreEndpointsResponse;
}

export function engineMessage(report: EngineReport): kvindexV1.Engine {
  return {
    ...report,
    incarnation: String(report.incarnation),
    engineSequence: String(report.engineSequence),
    deltaSequence: String(report.deltaSequence),
    gaps: String(report.gaps),
    replays: String(report.replays),
    restarts: String(report.restarts),
    source: SOURCES[report.source],
  };
}

/** The summary, then at most `limit` differences of each kind in messages of bounded size. */
export function* verifyMessages(
  engineId: string,
  verification: Verification,
  limit: number,
): Generator<kvindexV1.VerifyResponse> {
  const { unsupported, engineBlocks, indexBlocks, engineSequence, indexSequence } = verification;
  const [missing, gone] = [verification.missing, verification.gone];
  const summary = {
    engineId,
    supported: unsupported === undefined,
    reason: unsupported ?? '',
    engineBlocks,
    indexBlocks,
    missing: missing.length,
    gone: gone.length,
    engineSequence: String(engineSequence),
    indexSequence: String(indexSequence),
  };
  yield { summary };
  const listed = Math.min(limit, Math.max(missing.length, gone.length));
  for (let from = 0; from < listed; from += PART_BLOCKS) {
    const to = Math.min(from + PART_BLOCKS, limit);
    const part = (hashes: readonly bigint[]) => bytesOf(BigUint64Array.from(hashes.slice(from, to)));
    yield { differences: { missing: part(missing), gone: part(gone) } };
  }
}

export function watchMessage(event: WatchEvent, includeBlocks: boolean): kvindexV1.WatchResponse {
  if ('engine' in event) return { engine: engineMessage(event.engine) };
  if ('state' in event) return { state: stateMessage(event.state) };
  if ('change' in event) return { change: changeMessage(event.change, includeBlocks) };
  if ('lagged' in event) return { lagged: { skippedChanges: String(event.lagged.skippedChanges) } };
  return event;
}

function stateMessage({ incarnation, sequence, tiers, ...state }: StatePart): kvindexV1.EngineState {
  const named = tiers.map(({ tier, keys, window }) => ({
    tier: TIER_NAMES[tier],
    keys: bytesOf(keys),
    window,
  }));
  return { ...state, incarnation: String(incarnation), sequence: String(sequence), tiers: named };
}

function changeMessage(delta: KvDelta, includeBlocks: boolean): kvindexV1.EngineChange {
  const none = Buffer.alloc(0);
  const tiers = delta.changes.map(({ tier, removed, stored, window = false }) => ({
    tier: TIER_NAMES[tier],
    removedBlocks: removed.length,
    storedBlocks: stored.length,
    removed: includeBlocks ? bytesOf(removed) : none,
    stored: includeBlocks ? bytesOf(stored) : none,
    window,
  }));
  const { engineId, incarnation, sequence, cleared } = delta;
  return { engineId, incarnation: String(incarnation), sequence: String(sequence), cleared, tiers };
}

/** 8 bytes little-endian each, without a copy. */
export function bytesOf(keys: BigUint64Array): Buffer {
  return Buffer.from(keys.buffer, keys.byteOffset, keys.byteLength);
}
