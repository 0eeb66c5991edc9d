import type { kvindexV1 } from '@penstock/contracts';
import { createGrpcClient } from '@penstock/platform';
import { grpcFailure } from '../../output/grpc-failure.js';
import type { Check, Finding } from '../finding.js';
import { findings } from '../findings.js';

const { ok, warn, fail } = findings('engines');

type Methods = {
  ListEngines: { request: kvindexV1.ListEnginesRequest; response: kvindexV1.ListEnginesResponse };
};

/** Whether kv-index follows the cache of every engine it knows: without that, prefixes are guessed or missed. */
export const checkEngines = (kvIndex: readonly string[], timeoutMs: number): Check => ({
  area: 'engines',
  run: () => Promise.all(kvIndex.map((address) => followed(address, timeoutMs))),
});

const ALL = { poolNamespace: '', pool: '', includeStorage: false };

async function followed(address: string, deadlineMs: number): Promise<Finding> {
  const client = createGrpcClient<Methods>({ proto: 'kvindex', service: 'KvIndexService', address });
  try {
    const { engines } = await client.call('ListEngines', ALL, { deadlineMs });
    const name = `kv-index ${address}`;
    if (engines.length === 0)
      return warn(name, 'it knows no engine', 'check that pods match the selector of an InferencePool');
    const behind = engines.filter(({ state }) => state !== 'live');
    if (behind.length === 0) return ok(name, `the cache of ${engines.length} engines is followed`);
    return warn(
      name,
      behind.map(({ engineId, state }) => `${engineId} is ${state}`).join(', '),
      "engines need a port named kv-events; see 'kv events' in the engine's log",
    );
  } catch (error) {
    return fail(
      `kv-index ${address}`,
      `it does not answer (${grpcFailure(error)})`,
      'check that kv-index runs there',
    );
  } finally {
    client.close();
  }
}
