import { kvoffloadV1 } from '@penstock/contracts';
import { createGrpcClient } from '@penstock/platform';
import type { SuiteRecord } from './state.js';

type Methods = {
  Verify: { request: kvoffloadV1.VerifyRequest; response: kvoffloadV1.VerifyResponse };
  Stats: { request: kvoffloadV1.StatsRequest; response: kvoffloadV1.StatsResponse };
};

/** What storage holds, read back. */
export interface TierVerification {
  /** Copies that the ledger calls valid. */
  readonly checked: number;
  readonly intact: number;
  /** Moved or removed while they were being read. */
  readonly moved: number;
  readonly problems: readonly kvoffloadV1.VerifyProblem[];
  readonly tiers: readonly kvoffloadV1.TierUse[];
  readonly moves: readonly kvoffloadV1.MoveCount[];
}

/** Reading everything back takes as long as the disk does. */
const VERIFY_TIMEOUT_MS = 300_000;

/** Has every valid copy of every tier read back and its checksum compared. Meaningful while nothing moves. */
export async function verifyTiers(record: SuiteRecord): Promise<TierVerification> {
  const client = createGrpcClient<Methods>({
    proto: 'kvoffload',
    service: 'KvOffloadService',
    address: record.urls.kvOffloadGrpc,
  });
  try {
    const everything = { tier: kvoffloadV1.Tier.TIER_UNSPECIFIED, node: '', limit: 0 };
    const verified = await client.call('Verify', everything, { deadlineMs: VERIFY_TIMEOUT_MS });
    const { tiers, moves } = await client.call('Stats', {});
    return {
      checked: Number(verified.checked),
      intact: Number(verified.intact),
      moved: Number(verified.moved),
      problems: verified.problems,
      tiers,
      moves,
    };
  } finally {
    client.close();
  }
}
