import type { gangplacerV1, kvindexV1, kvoffloadV1 } from '@penstock/contracts';
import { createGrpcClient, type GrpcMethods } from '@penstock/platform';
import type { Addresses, GrpcServiceName } from '../commands/addresses.js';
import { grpcFailure } from '../output/grpc-failure.js';
import type { TopGang, TopTier } from './top-frame.js';

type IndexMethods = {
  ListEngines: { request: kvindexV1.ListEnginesRequest; response: kvindexV1.ListEnginesResponse };
};
type GangMethods = {
  ListGangs: { request: gangplacerV1.ListGangsRequest; response: gangplacerV1.ListGangsResponse };
};
type TierMethods = { Stats: { request: kvoffloadV1.StatsRequest; response: kvoffloadV1.StatsResponse } };

/** What the services say when they are asked; a list is undefined when its service was not. */
export interface ServiceView {
  readonly engines?: readonly kvindexV1.Engine[];
  readonly gangs?: readonly TopGang[];
  readonly tiers?: readonly TopTier[];
  readonly problems: readonly string[];
}

/** Reads index, gangs and tiers at once. A service that does not answer is named among the problems. */
export async function readServices({ grpc }: Addresses, deadlineMs: number): Promise<ServiceView> {
  const problems: string[] = [];
  const read = async <T>(
    service: GrpcServiceName,
    ask: (address: string) => Promise<T>,
  ): Promise<T | undefined> => {
    let failure: string | undefined;
    for (const address of grpc[service] ?? []) {
      try {
        return await ask(address);
      } catch (error) {
        failure = `${service} at ${address} does not answer (${grpcFailure(error)})`;
      }
    }
    if (failure !== undefined) problems.push(failure);
    return undefined;
  };
  const [engines, gangs, tiers] = await Promise.all([
    read('kv-index', (address) => listEngines(address, deadlineMs)),
    read('gang-placer', (address) => listGangs(address, deadlineMs)),
    read('kv-offload', (address) => tierUse(address, deadlineMs)),
  ]);
  return { engines, gangs, tiers, problems };
}

async function listEngines(address: string, deadlineMs: number): Promise<kvindexV1.Engine[]> {
  const service = { proto: 'kvindex', service: 'KvIndexService', address };
  const { engines } = await once<IndexMethods, 'ListEngines'>(
    service,
    'ListEngines',
    { poolNamespace: '', pool: '', includeStorage: false },
    deadlineMs,
  );
  return engines;
}

async function listGangs(address: string, deadlineMs: number): Promise<TopGang[]> {
  const service = { proto: 'gangplacer', service: 'GangPlacerService', address };
  const request = { namespace: '', offset: 0, limit: 0 };
  const { gangs } = await once<GangMethods, 'ListGangs'>(service, 'ListGangs', request, deadlineMs);
  return gangs.map(({ namespace, name, state, pods, boundPods, waitingMs, reason }) => ({
    gang: `${namespace}/${name}`,
    state,
    pods,
    boundPods,
    waitingMs: Number(waitingMs),
    reason,
  }));
}

async function tierUse(address: string, deadlineMs: number): Promise<TopTier[]> {
  const service = { proto: 'kvoffload', service: 'KvOffloadService', address };
  const { tiers } = await once<TierMethods, 'Stats'>(service, 'Stats', {}, deadlineMs);
  return tiers.map(({ tier, node, usedBytes, capacityBytes, chunks }) => ({
    tier: String(tier)
      .replace(/^TIER_/, '')
      .toLowerCase(),
    node: node || null,
    usedBytes: Number(usedBytes),
    capacityBytes: Number(capacityBytes) || null,
    chunks: Number(chunks),
  }));
}

async function once<M extends GrpcMethods, K extends keyof M & string>(
  service: { proto: string; service: string; address: string },
  method: K,
  request: M[K]['request'],
  deadlineMs: number,
): Promise<M[K]['response']> {
  const client = createGrpcClient<M>(service);
  try {
    return await client.call(method, request, { deadlineMs });
  } finally {
    client.close();
  }
}
