import type { schedulerV1 } from '@penstock/contracts';
import type { DecisionRecord } from '../../application/decision-record.js';

/** A decision as `penstock.scheduler.v1.Decision`. */
export function decisionMessage(record: DecisionRecord): schedulerV1.Decision {
  const { timeMs, namespace, leading, excluded, waitedMs, prefixSource, input: _, ...fields } = record;
  const { engine, node, matchedByTier, loads = [] } = record;
  return {
    ...fields,
    time: new Date(timeMs).toISOString(),
    poolNamespace: namespace,
    leading: leading.map(({ endpointId, total, scores, matchedTokens }) => ({
      endpoint: endpointId,
      total,
      scores: { ...scores },
      matchedTokens,
    })),
    excluded: { ...excluded },
    waitedMs: waitedMs ?? 0,
    prefixSource: prefixSource ?? '',
    engine: engine ?? '',
    node: node ?? '',
    matchedByTier: { ...matchedByTier },
    loads: loads.map(({ tier, keys }) => ({
      tier,
      keys: Buffer.from(keys.buffer, keys.byteOffset, keys.byteLength),
    })),
  };
}
