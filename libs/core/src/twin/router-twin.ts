import type { EngineGauges } from '../engine-model/index.js';
import {
  APPROXIMATE_BLOCK_TOKENS,
  APPROXIMATE_MAX_TOKENS,
  ApproximatePrefixIndex,
  creditedTokens,
  DEFAULT_TIER_CREDITS,
  type EndpointView,
  LoadLedger,
  type RoutingPolicy,
  type TierCredits,
} from '../routing/index.js';
import type { ExactKvView } from './exact-kv-view.js';
import type { StorageView } from './storage-view.js';
import type { TwinRequest } from './twin-request.js';

/** What the router knows of storage, and on which node each engine is. */
export interface RouterStorage {
  readonly view: StorageView;
  nodeOf(engine: number): number;
  readonly credits?: TierCredits;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The router of the fleet: what the scheduler service does per request, on virtual time. */
export class RouterTwin {
  private readonly ledger = new LoadLedger();
  private readonly approximate = new ApproximatePrefixIndex();
  private readonly endpoints: Mutable<EndpointView>[];
  private readonly scrapedMs: Float64Array;
  /** Tokens by engine: as the policy counts them, found anywhere, and blocks on the GPU. */
  private readonly matched: Int32Array;
  private readonly found: Int32Array;
  private readonly onGpu: Int32Array;
  private decisions = 0;

  /** `view` is needed by policies that ask for exact prefixes. */
  constructor(
    private readonly policy: RoutingPolicy,
    private readonly view: ExactKvView | undefined,
    private readonly seed: number,
    private readonly blockSize: number,
    engines: number,
    kvCapacityTokens: number,
    private readonly storage?: RouterStorage,
  ) {
    this.endpoints = Array.from({ length: engines }, (_, e) => ({
      id: `engine-${e}`,
      waiting: 0,
      running: 0,
      kvUsage: 0,
      kvCapacityTokens,
      metricsAgeMs: 0,
      inFlightRequests: 0,
      inFlightPrefillTokens: 0,
      inFlightTokens: 0,
      unseenRequests: 0,
      unseenTokens: 0,
    }));
    this.scrapedMs = new Float64Array(engines);
    this.matched = new Int32Array(engines);
    this.found = new Int32Array(engines);
    this.onGpu = new Int32Array(engines);
  }

  /** Chooses the engine and books the load. Throws when the policy chooses none. */
  route(request: TwinRequest, nowMs: number): number {
    const keys = this.policy.prefixSource === 'approximate' ? this.approximateKeys(request) : undefined;
    this.lookUp(request, keys, nowMs);
    for (let e = 0; e < this.endpoints.length; e++) {
      const endpoint = this.endpoints[e]!;
      Object.assign(endpoint, this.ledger.load(endpoint.id));
      endpoint.metricsAgeMs = nowMs - this.scrapedMs[e]!;
    }
    const requestId = String(request.id);
    const { chosen, reason } = this.policy.decide({
      request: {
        requestId,
        model: 'twin',
        promptTokens: request.promptTokens,
        ordinal: this.decisions++,
        seed: this.seed,
      },
      endpoints: this.endpoints,
      matchedTokens: this.matched,
    });
    if (chosen < 0) throw new Error(`twin: policy ${this.policy.name} chose no engine: ${reason}`);
    const endpointId = this.endpoints[chosen]!.id;
    this.ledger.reserve({
      requestId,
      endpointId,
      atMs: nowMs,
      promptTokens: request.promptTokens,
      uncachedTokens: Math.max(0, request.promptTokens - this.found[chosen]!),
      expectedOutputTokens: request.outputTokens,
    });
    if (keys) this.approximate.add(endpointId, keys);
    return chosen;
  }

  /** Blocks that the engine of the last decision was known to hold on its GPU, and to find there or in storage. */
  lastMatch(engine: number): { readonly gpuBlocks: number; readonly foundBlocks: number } {
    return { gpuBlocks: this.onGpu[engine]!, foundBlocks: this.found[engine]! / this.blockSize };
  }

  scraped(engine: number, gauges: EngineGauges, nowMs: number): void {
    const endpoint = this.endpoints[engine]!;
    endpoint.waiting = gauges.waiting;
    endpoint.running = gauges.running;
    endpoint.kvUsage = gauges.kvUsage;
    this.scrapedMs[engine] = nowMs;
    this.ledger.scraped(endpoint.id, nowMs);
  }

  started(request: TwinRequest): void {
    this.ledger.firstToken(String(request.id));
  }

  finished(request: TwinRequest): void {
    this.ledger.done(String(request.id));
  }

  private lookUp(request: TwinRequest, keys: Int32Array | undefined, nowMs: number): void {
    this.matched.fill(0);
    if (keys) {
      for (let e = 0; e < this.matched.length; e++) {
        this.matched[e] = this.approximate.match(this.endpoints[e]!.id, keys) * APPROXIMATE_BLOCK_TOKENS;
      }
    } else if (this.policy.prefixSource === 'exact' && this.view) {
      this.view.advance(nowMs);
      this.onGpu.fill(0);
      this.view.match(request.promptBlocks, this.onGpu);
      for (let e = 0; e < this.matched.length; e++) this.matched[e] = this.onGpu[e]! * this.blockSize;
    }
    this.found.set(this.matched);
    if (this.storage && this.policy.prefixSource === 'exact')
      this.lookUpStorage(request, this.storage, nowMs);
  }

  private lookUpStorage(
    { promptBlocks }: TwinRequest,
    { view, nodeOf, credits = DEFAULT_TIER_CREDITS }: RouterStorage,
    nowMs: number,
  ): void {
    view.advance(nowMs);
    for (let e = 0; e < this.matched.length; e++) {
      const byTier = view.match(promptBlocks, this.onGpu[e]!, nodeOf(e));
      this.matched[e] = creditedTokens(byTier, this.blockSize, credits);
      this.found[e] = byTier.reduce((sum, blocks) => sum + blocks) * this.blockSize;
    }
  }

  /** Content ids stand for their whole prefix, so that of a group's last block is a key for the group. */
  private approximateKeys(request: TwinRequest): Int32Array {
    const stride = Math.max(1, Math.ceil(APPROXIMATE_BLOCK_TOKENS / this.blockSize));
    const blocks = Math.min(request.promptBlocks.length, APPROXIMATE_MAX_TOKENS / this.blockSize);
    const keys = new Int32Array(Math.floor(blocks / stride));
    for (let i = 0; i < keys.length; i++) keys[i] = request.promptBlocks[(i + 1) * stride - 1]!;
    return keys;
  }
}
