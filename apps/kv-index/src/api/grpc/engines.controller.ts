import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { kvindexV1 } from '@penstock/contracts';
import { HEALTH, type HealthChecks, parseRequest, ServiceError } from '@penstock/platform';
import { finalize, from, map, type Observable, Subject, takeUntil, tap } from 'rxjs';
import type { KnownEngine } from '../../application/known-engine.js';
import { listEngineBlocks } from '../../application/list-engine-blocks.js';
import { listEngines, listStorage } from '../../application/list-engines.js';
import { type CacheReports, verifyEngine } from '../../application/verify-engine.js';
import { watchIndex } from '../../application/watch-index.js';
import type { IndexParts } from '../../assemble-index.js';
import { PARTS } from '../../injection-tokens.js';
import { bytesOf, engineMessage, TIER_NAMES, verifyMessages, watchMessage } from './messages.js';
import { paced, type SlowCall } from './paced.js';
import { listEngineBlocksRequest, listEnginesRequest, verifyRequest, watchRequest } from './requests.js';

const SERVICE = 'KvIndexService';
const DEFAULT_DIFFERENCES = 1_000;
/** Each may have up to 32 MB waiting. */
const MAX_WATCHERS = 64;
const NO_REPORTS: CacheReports = {
  read: async () => ({ unsupported: 'this kv-index asks no engine for its cache' }),
};

/** What `penstock.kvindex.v1` tells of engines. */
@Controller()
export class EnginesController {
  private readonly draining = new Subject<void>();
  private watchers = 0;

  constructor(
    @Inject(PARTS) private readonly parts: IndexParts,
    @Inject(HEALTH) health: HealthChecks,
  ) {
    // The listener closes when every call has ended, and those who watch never do.
    health.onDraining(() => this.draining.next());
  }

  @GrpcMethod(SERVICE, 'ListEngines')
  listEngines(request: unknown): kvindexV1.ListEnginesResponse {
    const { includeStorage, ...filter } = parseRequest(listEnginesRequest, request);
    const { index, engines: catalogue, holders, instance } = this.parts;
    const engines = listEngines(index, catalogue.engines(), filter, instance);
    const storage = includeStorage ? listStorage(index, holders.storage(), filter, instance) : [];
    return { engines: [...engines, ...storage].map(engineMessage) };
  }

  @GrpcMethod(SERVICE, 'ListEngineBlocks')
  listEngineBlocks(request: unknown): Observable<kvindexV1.ListEngineBlocksResponse> {
    const { engineId } = parseRequest(listEngineBlocksRequest, request);
    return from(listEngineBlocks(this.known(engineId))).pipe(
      map(({ tier, engineHashes, keys, incarnation, engineSequence }) => ({
        tier: tier ? TIER_NAMES[tier] : kvindexV1.Tier.TIER_UNSPECIFIED,
        engineHashes: bytesOf(engineHashes),
        keys: bytesOf(keys),
        incarnation: String(incarnation),
        engineSequence: String(engineSequence),
      })),
    );
  }

  @GrpcMethod(SERVICE, 'Verify')
  verify(request: unknown, _metadata: unknown, call: SlowCall): Observable<kvindexV1.VerifyResponse> {
    const { engineId, maxDifferences } = parseRequest(verifyRequest, request);
    const engine = this.known(engineId);
    const { reports } = this.parts;
    return paced(call, async function* (signal) {
      const verification = await verifyEngine(engine, reports ?? NO_REPORTS, signal);
      yield* verifyMessages(engineId, verification, maxDifferences || DEFAULT_DIFFERENCES);
    });
  }

  @GrpcMethod(SERVICE, 'Watch')
  watch(request: unknown, _metadata: unknown, call: SlowCall): Observable<kvindexV1.WatchResponse> {
    const options = parseRequest(watchRequest, request);
    const { index, engines: directory, feed, host, metrics, instance: self } = this.parts;
    const contents = host.contents.bind(host);
    const source = { index, directory, feed, contents, self };
    if (this.watchers >= MAX_WATCHERS) {
      const howToFix = 'end one, or watch another replica: each knows of all engines';
      throw new ServiceError('exhausted', `${MAX_WATCHERS} callers watch already`, undefined, howToFix);
    }
    this.watchers++;
    const counted = metrics.countWatcher();
    return paced(call, (signal) => watchIndex(source, options, signal)).pipe(
      tap({ next: (event) => ('lagged' in event ? metrics.countLagged() : undefined) }),
      map((event) => watchMessage(event, options.includeBlocks)),
      takeUntil(this.draining),
      finalize(() => {
        this.watchers--;
        counted();
      }),
    );
  }

  private known(engineId: string): KnownEngine {
    const engine = this.parts.engines.get(engineId);
    if (engine) return engine;
    const howToFix = 'ListEngines names the engines that are followed';
    throw new ServiceError('not-found', `engine "${engineId}" is not followed`, 'engine_id', howToFix);
  }
}
