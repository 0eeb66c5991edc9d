import TinyQueue from 'tinyqueue';
import { EngineModel } from '../engine-model/index.js';
import { EngineStorage } from './engine-storage.js';
import { ExactKvView } from './exact-kv-view.js';
import type { FleetOptions } from './fleet-options.js';
import { FleetStorage } from './fleet-storage.js';
import { RouterTwin } from './router-twin.js';
import { type FleetCounters, StageRecorder } from './stage-recorder.js';
import type { StageResult } from './stage-result.js';
import { StorageView } from './storage-view.js';
import { type TierFigures, tierGrowth } from './tier-figures.js';
import { FIRST_GENERATED_CONTENT, TwinRequest } from './twin-request.js';
import type { Prompt, Stage, Workload } from './workload.js';

const NEVER = Number.POSITIVE_INFINITY;

interface StepEnd {
  readonly atMs: number;
  readonly engine: number;
}

/** Runs a workload through a fleet in virtual time. Same input, same result. */
export function runFleet(options: FleetOptions, workload: Workload): StageResult[] {
  const fleet = new Fleet(options, workload);
  if (options.warmPrompt) fleet.warmUp(options.warmPrompt);
  return workload.stages.map((stage) => fleet.run(stage));
}

class Fleet {
  private readonly engines: EngineModel<TwinRequest>[];
  private readonly busy: boolean[];
  /** When the last step of each engine ended. */
  private readonly steppedMs: Float64Array;
  private readonly stepEnds = new TinyQueue<StepEnd>([], (a, b) => a.atMs - b.atMs || a.engine - b.engine);
  private readonly view: ExactKvView | undefined;
  private readonly router: RouterTwin;
  private readonly storage: FleetStorage | undefined;
  /** By engine; empty without storage. */
  private readonly engineStorage: readonly EngineStorage[];
  private readonly scrapeIntervalMs: number;
  private nowMs = 0;
  private nextScrapeMs = 0;
  private requests = 0;
  private generated = FIRST_GENERATED_CONTENT;

  constructor(options: FleetOptions, workload: Workload) {
    const { engines, policy, seed, kvViewDelayMs = 100, scrapeIntervalMs = 50 } = options;
    const exact = policy.prefixSource === 'exact';
    const engine = { ...options.engine, blockSize: workload.blockSize, reportCacheEvents: exact };
    const blocksPerChunk = options.tiers?.blocksPerChunk ?? 32;
    const nodeOf = nodesOf(options);
    const storageView =
      options.tiers &&
      new StorageView(nodeOf(engines - 1) + 1, workload.contentCount, kvViewDelayMs, blocksPerChunk);
    this.storage =
      storageView &&
      new FleetStorage({
        ...options.tiers!,
        nodes: nodeOf(engines - 1) + 1,
        chunkBytes: engine.profile.kvBytesPerToken * workload.blockSize * blocksPerChunk,
        view: storageView,
      });
    const ordinals = Array.from({ length: this.storage ? engines : 0 }, (_, e) => e);
    this.engineStorage = ordinals.map((e) => new EngineStorage(this.storage!, nodeOf(e), blocksPerChunk));
    this.engines = Array.from(
      { length: engines },
      (_, e) => new EngineModel<TwinRequest>(engine, this.engineStorage[e]),
    );
    this.busy = new Array<boolean>(engines).fill(false);
    this.steppedMs = new Float64Array(engines);
    this.scrapeIntervalMs = scrapeIntervalMs;
    this.view = exact ? new ExactKvView(engines, workload.contentCount, kvViewDelayMs) : undefined;
    const kvCapacityTokens = this.engines[0]!.blockCount * workload.blockSize;
    this.router = new RouterTwin(
      policy,
      this.view,
      seed,
      workload.blockSize,
      engines,
      kvCapacityTokens,
      storageView && { view: storageView, nodeOf, credits: options.tiers?.credits },
    );
  }

  /** Puts a prompt into every cache; takes no time and no part in any figure. */
  warmUp(prompt: Prompt): void {
    this.engines.forEach((engine, e) => {
      engine.enqueue(this.newRequest({ atMs: 0, prompt, outputTokens: 1 }, 0));
      while (engine.beginStep()) {
        const { cacheEvents } = engine.endStep();
        this.view?.publish(e, cacheEvents, this.nowMs);
      }
    });
  }

  /** Runs a stage until its last request has completed. */
  run(stage: Stage): StageResult {
    const startMs = this.nowMs;
    const recorder = new StageRecorder(stage.name, startMs, this.engines.length);
    const before = this.counters();
    const tiersBefore = this.tierFigures();
    const { arrivals } = stage;
    let next = 0;
    while (recorder.completed < arrivals.length) {
      const arrivalMs = next < arrivals.length ? startMs + arrivals[next]!.atMs : NEVER;
      const stepMs = this.stepEnds.peek()?.atMs ?? NEVER;
      this.scrapeUntil(Math.min(arrivalMs, stepMs));
      if (arrivalMs < stepMs) {
        this.nowMs = arrivalMs;
        this.storage?.advance(arrivalMs);
        const request = this.newRequest(arrivals[next++]!, arrivalMs);
        request.engine = this.router.route(request, arrivalMs);
        this.tellStorage(request);
        recorder.routed(request.engine);
        this.engines[request.engine]!.enqueue(request);
        if (!this.busy[request.engine]) this.begin(request.engine);
      } else {
        this.nowMs = stepMs;
        this.storage?.advance(stepMs);
        this.end(this.stepEnds.pop()!.engine, recorder);
      }
    }
    const result = recorder.result(before, this.counters());
    const tiersAfter = this.tierFigures();
    return tiersBefore && tiersAfter ? { ...result, tiers: tierGrowth(tiersBefore, tiersAfter) } : result;
  }

  private newRequest(arrival: Stage['arrivals'][number], atMs: number): TwinRequest {
    return new TwinRequest(this.requests++, arrival, atMs, () => this.generated++);
  }

  /** As kv-offload hears of the decision: what the request will find in storage is used, and brought nearer. */
  private tellStorage(request: TwinRequest): void {
    const storage = this.engineStorage[request.engine];
    if (!storage) return;
    const { gpuBlocks, foundBlocks } = this.router.lastMatch(request.engine);
    const { blocksPerChunk, node } = storage;
    const paths = storage.pathsOf(
      request,
      Math.floor(gpuBlocks / blocksPerChunk),
      Math.floor(foundBlocks / blocksPerChunk),
    );
    if (paths.length > 0) this.storage!.routed(node, paths);
  }

  private begin(engine: number): void {
    const step = this.engines[engine]!.beginStep();
    this.busy[engine] = step !== undefined;
    this.steppedMs[engine] = this.nowMs;
    if (step) this.stepEnds.push({ atMs: this.nowMs + step.durationMs, engine });
  }

  private end(engine: number, recorder: StageRecorder): void {
    const outcome = this.engines[engine]!.endStep();
    recorder.step(outcome, this.steppedMs[engine]!, this.nowMs);
    for (const request of outcome.started) this.router.started(request);
    for (const request of outcome.finished) this.router.finished(request);
    this.view?.publish(engine, outcome.cacheEvents, this.nowMs);
    this.begin(engine);
  }

  /** The router sees every engine's gauges at whole multiples of the interval, as they were then. */
  private scrapeUntil(untilMs: number): void {
    if (this.nextScrapeMs > untilMs || untilMs === NEVER) return;
    // Nothing happened since the last event, so the newest scrape time stands for all that were due.
    const atMs = Math.floor(untilMs / this.scrapeIntervalMs) * this.scrapeIntervalMs;
    this.engines.forEach((engine, e) => {
      this.router.scraped(e, engine.gauges(), atMs);
    });
    this.nextScrapeMs = atMs + this.scrapeIntervalMs;
  }

  private tierFigures(): TierFigures | undefined {
    if (!this.storage) return undefined;
    const gauges = this.engines.map((engine) => engine.gauges());
    const sum = (of: (g: (typeof gauges)[number]) => number) => gauges.reduce((total, g) => total + of(g), 0);
    return structuredClone({
      ...this.storage.counts,
      externalQueryTokens: sum((g) => g.externalQueryTokens),
      externalHitTokens: sum((g) => g.externalHitTokens),
      loads: sum((g) => g.loads),
      loadsRefused: sum((g) => g.loadsRefused),
    });
  }

  private counters(): FleetCounters {
    const gauges = this.engines.map((engine) => engine.gauges());
    const sum = (of: (g: (typeof gauges)[number]) => number) => gauges.reduce((total, g) => total + of(g), 0);
    return {
      queryTokens: sum((g) => g.prefixCacheQueryTokens),
      hitTokens: sum((g) => g.prefixCacheHitTokens),
      preemptions: sum((g) => g.preemptions),
    };
  }
}

/** Node of each engine: as many engines to a node as its GPUs carry, at least one. */
function nodesOf({ engine, tiers }: FleetOptions): (engine: number) => number {
  const perNode = Math.max(1, Math.floor((tiers?.gpusPerNode ?? 8) / engine.profile.tp));
  return (ordinal) => Math.floor(ordinal / perNode);
}
