import { LOSS_REASONS, PROBLEMS } from '@penstock/engine';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { STORE_OUTCOMES, type StoreOutcome } from './application/persist-changes.js';

const PREFIX = 'penstock_kv_index';
const LAG_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];
const TAKEOVER_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 5, 10];
const LOOKUP_SECONDS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05];

const LOOKUPS = [
  'ScoreEndpoints',
  'ScoreEndpointsStream',
  'Lookup',
  'GetPodScores',
  'query',
  'query_by_hash',
] as const;
export type LookupMethod = (typeof LOOKUPS)[number];
const LOOKUP_OUTCOMES = ['ok', 'refused'] as const;
type LookupOutcome = (typeof LOOKUP_OUTCOMES)[number];

/** What becomes of updates of the index, by where they come from. */
const APPLIED = ['applied', 'duplicate', 'stale', 'gap', 'parked', 'refused', 'dropped'];
const INDEX_UPDATES = {
  own: APPLIED,
  'own-snapshot': ['dropped'],
  'kv.delta': [...APPLIED, 'unknown-wire'],
  'kv.snapshot': APPLIED,
  storage: ['forgotten'],
};

/** Metrics that are counted where something happens; those of existing state are in `observed-metrics.ts`. */
export class KvIndexMetrics {
  /** Set from the configuration, to tell how full the index is. */
  readonly capacity: Gauge;
  private readonly lag: Histogram;
  private readonly problems: Counter<'reason'>;
  private readonly store: Counter<'outcome'>;
  private readonly takeovers: Histogram;
  private readonly watchers: Gauge;
  private readonly lagged: Counter;
  private readonly indexUpdates: Counter<'type' | 'outcome'>;
  private readonly lookups: Counter<'method' | 'outcome'>;
  private readonly lookupSeconds: Histogram<'method'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.capacity = new Gauge({
      name: `${PREFIX}_capacity_holders`,
      help: 'Most (block, engine) pairs the index takes',
      registers,
    });
    this.lag = new Histogram({
      name: `${PREFIX}_event_lag_seconds`,
      help: 'Live batches: from the time the engine wrote into them to being applied',
      buckets: LAG_SECONDS,
      registers,
    });
    this.problems = new Counter({
      name: `${PREFIX}_event_problems_total`,
      help: 'Parts of engine messages that were left out, by reason',
      labelNames: ['reason'],
      registers,
    });
    this.store = new Counter({
      name: `${PREFIX}_store_writes_total`,
      help: 'Writes to the block store, by outcome',
      labelNames: ['outcome'],
      registers,
    });
    this.takeovers = new Histogram({
      name: `${PREFIX}_takeover_seconds`,
      help: 'From the loss of the replica that followed an engine, as seen here, to its cache being followed live',
      buckets: TAKEOVER_SECONDS,
      registers,
    });
    this.watchers = new Gauge({
      name: `${PREFIX}_watchers`,
      help: 'Calls of Watch under way',
      registers,
    });
    this.lagged = new Counter({
      name: `${PREFIX}_watch_lagged_total`,
      help: 'Times a caller of Watch was too slow and was sent everything anew',
      registers,
    });
    this.indexUpdates = new Counter({
      name: `${PREFIX}_index_updates_total`,
      help: 'Updates of the index by their source (own: engines that this replica follows) and what they did',
      labelNames: ['type', 'outcome'],
      registers,
    });
    this.lookups = new Counter({
      name: `${PREFIX}_lookups_total`,
      help: 'Lookups over gRPC and HTTP, by method and outcome',
      labelNames: ['method', 'outcome'],
      registers,
    });
    this.lookupSeconds = new Histogram({
      name: `${PREFIX}_lookup_duration_seconds`,
      help: 'Time to answer a lookup, by method',
      labelNames: ['method'],
      buckets: LOOKUP_SECONDS,
      registers,
    });
    this.beginAtZero();
  }

  /** A series that begins with its first fault has no increase that Prometheus could see. */
  private beginAtZero(): void {
    for (const reason of [...PROBLEMS, ...LOSS_REASONS]) this.problems.inc({ reason }, 0);
    for (const outcome of STORE_OUTCOMES) this.store.inc({ outcome }, 0);
    for (const method of LOOKUPS)
      for (const outcome of LOOKUP_OUTCOMES) this.lookups.inc({ method, outcome }, 0);
    for (const [type, outcomes] of Object.entries(INDEX_UPDATES))
      for (const outcome of outcomes) this.indexUpdates.inc({ type, outcome }, 0);
  }

  observeLag(lagMs: number): void {
    this.lag.observe(lagMs / 1000);
  }

  observeTakeover(takeoverMs: number): void {
    this.takeovers.observe(takeoverMs / 1000);
  }

  countProblems(problems: Readonly<Record<string, number>>): void {
    for (const [reason, count] of Object.entries(problems)) this.problems.inc({ reason }, count);
  }

  countIndexUpdates(type: string, outcome: string, count: number): void {
    this.indexUpdates.inc({ type, outcome }, count);
  }

  countStoreWrite(outcome: StoreOutcome): void {
    this.store.inc({ outcome });
  }

  /** Someone began to watch; call the returned function when it ends. */
  countWatcher(): () => void {
    this.watchers.inc();
    return () => this.watchers.dec();
  }

  countLagged(): void {
    this.lagged.inc();
  }

  /** Runs a lookup and counts it. */
  timeLookup<T>(method: LookupMethod, run: () => T): T {
    const ended = this.begin(method);
    try {
      const result = run();
      ended('ok');
      return result;
    } catch (error) {
      ended('refused');
      throw error;
    }
  }

  /** Runs a lookup whose answer takes a while, and counts it. */
  async timeAnswer<T>(method: LookupMethod, run: () => Promise<T>): Promise<T> {
    const ended = this.begin(method);
    try {
      const result = await run();
      ended('ok');
      return result;
    } catch (error) {
      ended('refused');
      throw error;
    }
  }

  private begin(method: LookupMethod): (outcome: LookupOutcome) => void {
    const startMs = performance.now();
    return (outcome) => {
      this.lookups.inc({ method, outcome });
      this.lookupSeconds.observe({ method }, (performance.now() - startMs) / 1000);
    };
  }
}
