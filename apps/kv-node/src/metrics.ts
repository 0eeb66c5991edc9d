import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ProblemCode } from './tiers/chunk-problem.js';
import type { FolderTier, TierName } from './tiers/tier-name.js';

const PREFIX = 'penstock_kv_node';
const MOVE_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What a gauge reads when it is scraped. */
export interface MetricSources {
  readonly tiers: () => ReadonlyArray<{
    readonly tier: FolderTier;
    readonly usedBytes: number;
    readonly capacityBytes: number;
    readonly chunks: number;
  }>;
  readonly watchers: () => number;
  readonly unchecked: () => number;
  readonly alone: () => boolean;
}

/** Every metric of kv-node. */
export class KvNodeMetrics {
  private readonly movedBytes: Counter<'from' | 'to'>;
  private readonly moves: Counter<'from' | 'to' | 'problem'>;
  private readonly moveSeconds: Histogram<'from' | 'to'>;
  private readonly adopted: Counter<'problem'>;
  private readonly verified: Counter<'problem'>;
  private readonly damaged: Counter<'tier'>;
  private readonly found: Counter<'what'>;
  private readonly dropped: Counter<'tier'>;
  private readonly ended: Counter;
  private sources: MetricSources | undefined;

  constructor(registry: Registry) {
    const registers = [registry];
    const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
      new Counter<L>({ name: `${PREFIX}_${name}`, help, labelNames, registers });
    this.movedBytes = counter('moved_bytes_total', 'Bytes copied between tiers', ['from', 'to']);
    this.moves = counter(
      'moves_total',
      'Orders carried out, or refused with a problem; to is none for removals',
      ['from', 'to', 'problem'],
    );
    this.moveSeconds = new Histogram({
      name: `${PREFIX}_move_seconds`,
      help: 'Time to carry out an order, waiting for its turn not included',
      labelNames: ['from', 'to'],
      buckets: MOVE_SECONDS,
      registers,
    });
    this.adopted = counter(
      'adoptions_total',
      'Chunks of engines that were to be taken into care, by problem',
      ['problem'],
    );
    this.verified = counter('verified_total', 'Copies read back, by problem', ['problem']);
    this.damaged = counter('wrong_checksums_total', 'Copies whose bytes were not those of the inventory', [
      'tier',
    ]);
    this.found = counter(
      'scan_findings_total',
      'What the comparison of folders and inventory found: unknown, missing, resized, temporary, irregular, unreadable',
      ['what'],
    );
    this.dropped = counter(
      'dropped_copies_total',
      'Copies removed because a tier stayed above its capacity, whoever should have made room',
      ['tier'],
    );
    this.ended = counter('watchers_ended_total', 'Watchers that were too slow and have to come again');
    this.gauges(registers);
  }

  /** Has the gauges read what is there now. */
  observe(sources: MetricSources): void {
    this.sources = sources;
  }

  countMove(
    from: TierName,
    to: TierName | undefined,
    problem: ProblemCode | '',
    bytes: number,
    ms: number,
  ): void {
    const labels = { from, to: to ?? 'none' };
    this.moves.inc({ ...labels, problem });
    this.moveSeconds.observe(labels, ms / 1000);
    if (bytes > 0) this.movedBytes.inc(labels, bytes);
  }

  countAdoption(problem: ProblemCode | ''): void {
    this.adopted.inc({ problem });
  }

  countVerified(problem: ProblemCode | ''): void {
    this.verified.inc({ problem });
  }

  countDamaged(tier: FolderTier): void {
    this.damaged.inc({ tier });
  }

  countFound(
    what: 'unknown' | 'missing' | 'resized' | 'temporary' | 'irregular' | 'unreadable',
    count = 1,
  ): void {
    this.found.inc({ what }, count);
  }

  countDropped(tier: FolderTier, copies: number): void {
    this.dropped.inc({ tier }, copies);
  }

  countEndedWatcher(): void {
    this.ended.inc();
  }

  private gauges(registers: Registry[]): void {
    const read = () => this.sources;
    const perTier = (name: string, help: string, value: 'usedBytes' | 'capacityBytes' | 'chunks') =>
      new Gauge({
        name: `${PREFIX}_${name}`,
        help,
        labelNames: ['tier'],
        registers,
        collect() {
          for (const use of read()?.tiers() ?? []) this.set({ tier: use.tier }, use[value]);
        },
      });
    const single = (name: string, help: string, value: (sources: MetricSources) => number) =>
      new Gauge({
        name: `${PREFIX}_${name}`,
        help,
        registers,
        collect() {
          const sources = read();
          if (sources) this.set(value(sources));
        },
      });
    perTier('used_bytes', 'Bytes of chunks in the tier', 'usedBytes');
    perTier('capacity_bytes', 'Bytes that the tier may have', 'capacityBytes');
    perTier('chunks', 'Chunks in the tier', 'chunks');
    single('watchers', 'Those who follow the inventory', (sources) => sources.watchers());
    single('unchecked_chunks', 'Files whose checksum is not known yet', (sources) => sources.unchecked());
    single('alone', '1 while it guards its own capacity because kv-offload is silent', (sources) =>
      sources.alone() ? 1 : 0,
    );
  }
}
