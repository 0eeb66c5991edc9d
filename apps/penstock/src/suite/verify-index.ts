import type { kvindexV1 } from '@penstock/contracts';
import type { Cluster } from '@penstock/core/ports';
import { createGrpcClient } from '@penstock/platform';
import { request } from 'undici';
import { z } from 'zod';
import { engineAddresses } from './control.js';
import type { SuiteRecord } from './state.js';

const cacheDump = z.object({
  lastSequence: z.number().nullable(),
  blocks: z.array(z.object({ hash: z.string().regex(/^[0-9a-f]{16,}$/) })),
});

/** One engine's cache beside what the index says of it. */
export interface EngineVerification {
  readonly engineId: string;
  readonly engineBlocks: number;
  readonly indexBlocks: number;
  /** Held by the engine, unknown to the index: lost hits. */
  readonly missing: number;
  /** Claimed by the index, not held by the engine: must never last. */
  readonly gone: number;
  /** Event batches that the engine published and the index has not applied. */
  readonly eventsBehind: number;
}

type Methods = {
  ListEngineBlocks: {
    request: kvindexV1.ListEngineBlocksRequest;
    response: kvindexV1.ListEngineBlocksResponse;
  };
};

/** Compares every engine's own cache with the index, block by block. Meaningful while nothing runs. */
export async function verifyIndex(cluster: Cluster, record: SuiteRecord): Promise<EngineVerification[]> {
  const client = createGrpcClient<Methods>({
    proto: 'kvindex',
    service: 'KvIndexService',
    address: record.urls.kvIndexGrpc,
    maxMessageBytes: 64 * 1024 * 1024,
  });
  try {
    const results: EngineVerification[] = [];
    for (const [pod, address] of await engineAddresses(cluster, record)) {
      const engineId = `${record.namespace}/${pod}`;
      const dump = await dumpCache(address);
      const own = new Set(dump.blocks.map(({ hash }) => BigInt(`0x${hash.slice(-16)}`)));
      const indexed = new Set<bigint>();
      let sequence = -1;
      for await (const chunk of client.stream('ListEngineBlocks', { engineId })) {
        const bytes = Buffer.from(chunk.engineHashes);
        for (let at = 0; at + 8 <= bytes.length; at += 8) indexed.add(bytes.readBigUInt64LE(at));
        sequence = Math.max(sequence, Number(chunk.engineSequence));
      }
      results.push({
        engineId,
        engineBlocks: own.size,
        indexBlocks: indexed.size,
        missing: [...own].filter((hash) => !indexed.has(hash)).length,
        gone: [...indexed].filter((hash) => !own.has(hash)).length,
        eventsBehind: Math.max(0, (dump.lastSequence ?? -1) - sequence),
      });
    }
    return results;
  } finally {
    client.close();
  }
}

/** True when index and engines agree on every block. */
export function agrees(results: readonly EngineVerification[]): boolean {
  return results.length > 0 && results.every((r) => r.missing === 0 && r.gone === 0 && r.eventsBehind === 0);
}

async function dumpCache(address: string): Promise<z.output<typeof cacheDump>> {
  const { statusCode, body } = await request(`http://${address}/debug/cache`, {
    signal: AbortSignal.timeout(10_000),
  });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`engine ${address} gave no cache dump: HTTP ${statusCode}`);
  return cacheDump.parse(JSON.parse(text));
}
