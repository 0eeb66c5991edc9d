import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { kvindexV1 } from '@penstock/contracts';
import type { PrefixIndex, Tier } from '@penstock/core/kv';
import { parseRequest, ServiceError } from '@penstock/platform';
import { from, map, type Observable } from 'rxjs';
import { listEngineBlocks } from '../application/list-engine-blocks.js';
import { listEngines } from '../application/list-engines.js';
import { lookupBlocks } from '../application/lookup-blocks.js';
import { scoreEndpoints } from '../application/score-endpoints.js';
import type { EngineTracker } from '../application/track-engines.js';
import { INDEX, METRICS, TRACKER } from '../injection-tokens.js';
import type { KvIndexMetrics } from '../metrics.js';
import { listEngineBlocksRequest, listEnginesRequest, promptRequest } from './requests.js';

const SERVICE = 'KvIndexService';
const TIER_NAMES: Record<Tier, kvindexV1.Tier> = {
  gpu: kvindexV1.Tier.TIER_GPU,
  cpu: kvindexV1.Tier.TIER_CPU,
  ssd: kvindexV1.Tier.TIER_SSD,
  s3: kvindexV1.Tier.TIER_S3,
};

/** `penstock.kvindex.v1`: reads memory only, whatever else is away. */
@Controller()
export class KvIndexController {
  constructor(
    @Inject(INDEX) private readonly index: PrefixIndex,
    @Inject(TRACKER) private readonly tracker: EngineTracker,
    @Inject(METRICS) private readonly metrics: KvIndexMetrics,
  ) {}

  @GrpcMethod(SERVICE, 'ScoreEndpoints')
  scoreEndpoints(request: unknown): kvindexV1.ScoreEndpointsResponse {
    return this.metrics.timeLookup('ScoreEndpoints', () => {
      const { prompt, ...filter } = parseRequest(promptRequest, request);
      const { endpoints, promptTokens, blockSize } = scoreEndpoints(
        this.index,
        this.tracker.engines(),
        filter,
        prompt,
      );
      const named = endpoints.map((endpoint) => ({
        ...endpoint,
        byTier: endpoint.byTier.map(({ tier, tokens }) => ({ tier: TIER_NAMES[tier], tokens })),
      }));
      return { endpoints: named, promptTokens, blockSize };
    });
  }

  @GrpcMethod(SERVICE, 'Lookup')
  lookup(request: unknown): kvindexV1.LookupResponse {
    return this.metrics.timeLookup('Lookup', () => {
      const { prompt, ...filter } = parseRequest(promptRequest, request);
      const { blocks, blockSize } = lookupBlocks(this.index, this.tracker.engines(), filter, prompt);
      const named = blocks.map(({ key, holders }) => ({
        key: bytesOf(BigUint64Array.of(key)),
        holders: holders.map(({ engineId, tier }) => ({ engineId, tier: TIER_NAMES[tier] })),
      }));
      return { blocks: named, blockSize };
    });
  }

  @GrpcMethod(SERVICE, 'ListEngines')
  listEngines(request: unknown): kvindexV1.ListEnginesResponse {
    const filter = parseRequest(listEnginesRequest, request);
    const engines = listEngines(this.index, this.tracker.engines(), filter).map((engine) => ({
      ...engine,
      incarnation: String(engine.incarnation),
      engineSequence: String(engine.engineSequence),
      deltaSequence: String(engine.deltaSequence),
    }));
    return { engines };
  }

  @GrpcMethod(SERVICE, 'ListEngineBlocks')
  listEngineBlocks(request: unknown): Observable<kvindexV1.ListEngineBlocksResponse> {
    const { engineId } = parseRequest(listEngineBlocksRequest, request);
    const engine = this.tracker.get(engineId);
    if (!engine) {
      const howToFix = 'ListEngines names the engines that are followed';
      throw new ServiceError('not-found', `engine "${engineId}" is not followed`, 'engine_id', howToFix);
    }
    return from(listEngineBlocks(engine)).pipe(
      map(({ tier, engineHashes, keys, incarnation, engineSequence }) => ({
        tier: tier ? TIER_NAMES[tier] : kvindexV1.Tier.TIER_UNSPECIFIED,
        engineHashes: bytesOf(engineHashes),
        keys: bytesOf(keys),
        incarnation: String(incarnation),
        engineSequence: String(engineSequence),
      })),
    );
  }
}

/** 8 bytes little-endian each, without a copy. */
function bytesOf(keys: BigUint64Array): Buffer {
  return Buffer.from(keys.buffer, keys.byteOffset, keys.byteLength);
}
