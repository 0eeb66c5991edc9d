import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const PREFIX = 'penstock_autoscaler';
const DECISION_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];
const WAKE_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5];
const VARIANT_LABELS = ['variant_name', 'namespace', 'accelerator_type'] as const;
type VariantLabel = (typeof VARIANT_LABELS)[number];

/** One variant as the gauges show it. */
export interface VariantSample {
  readonly name: string;
  readonly namespace: string;
  readonly accelerator: string;
  readonly current: number;
  readonly desired: number;
  readonly code: string;
  readonly draining: number;
}

/** Every metric of autoscaler. Those called `wva_` keep the names of llm-d's autoscaler, which others read. */
export class AutoscalerMetrics {
  /** 1 while this replica scales. */
  readonly leading: Gauge;
  private readonly desired: Gauge<VariantLabel>;
  private readonly current: Gauge<VariantLabel>;
  private readonly ratio: Gauge<VariantLabel>;
  private readonly variants: Gauge<'code'>;
  private readonly draining: Gauge;
  private readonly problems: Gauge<'reason'>;
  private readonly holds: Counter<'reason'>;
  private readonly dropped: Counter<'reason'>;
  private readonly writes: Counter<'what' | 'outcome'>;
  private readonly decisionSeconds: Histogram;
  private readonly wakeSeconds: Histogram;
  private knownDrops: Readonly<Record<string, number>> = {};

  constructor(registry: Registry) {
    const registers = [registry];
    const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
      new Gauge<L>({ name, help, labelNames, registers });
    const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
      new Counter<L>({ name: `${PREFIX}_${name}`, help, labelNames, registers });
    this.leading = gauge(`${PREFIX}_leading`, '1 while this replica holds the Lease and scales');
    this.desired = gauge('wva_desired_replicas', 'Replicas that a variant should have', VARIANT_LABELS);
    this.current = gauge(
      'wva_current_replicas',
      'Replicas that the target of a variant asks for',
      VARIANT_LABELS,
    );
    this.ratio = gauge(
      'wva_desired_ratio',
      'Desired by current replicas; the desired number itself where there are none',
      VARIANT_LABELS,
    );
    this.variants = gauge(`${PREFIX}_variants`, 'Variants, by the code of their recommendation', ['code']);
    this.draining = gauge(
      `${PREFIX}_draining_replicas`,
      'Replicas that get no more requests before they are removed',
    );
    this.problems = gauge(`${PREFIX}_variant_problems`, 'Variants that cannot be acted upon, by reason', [
      'reason',
    ]);
    this.holds = counter('holds_total', 'Recommendations held back because data is missing, by reason', [
      'reason',
    ]);
    this.dropped = counter(
      'dropped_reports_total',
      'Reports of demand, or engines in them, that were not used',
      ['reason'],
    );
    this.writes = counter('writes_total', 'Writes to Kubernetes: scale, drain, undrain, status; by outcome', [
      'what',
      'outcome',
    ]);
    this.decisionSeconds = new Histogram({
      name: `${PREFIX}_decision_seconds`,
      help: 'Time to recommend for all pools once',
      buckets: DECISION_SECONDS,
      registers,
    });
    this.wakeSeconds = new Histogram({
      name: `${PREFIX}_wake_seconds`,
      help: 'From the report of a request that waits for an engine to the scale being written',
      buckets: WAKE_SECONDS,
      registers,
    });
  }

  /** Shows all variants as they are now; those that are gone disappear. */
  show(samples: readonly VariantSample[], problems: readonly string[]): void {
    for (const gauge of [this.desired, this.current, this.ratio, this.variants, this.problems]) gauge.reset();
    this.draining.set(samples.reduce((sum, sample) => sum + sample.draining, 0));
    for (const { name, namespace, accelerator, current, desired, code } of samples) {
      const labels = { variant_name: name, namespace, accelerator_type: accelerator };
      this.desired.set(labels, desired);
      this.current.set(labels, current);
      this.ratio.set(labels, current === 0 ? desired : desired / current);
      this.variants.inc({ code });
      if (code.startsWith('hold-no-')) this.holds.inc({ reason: code });
    }
    for (const reason of problems) this.problems.inc({ reason });
  }

  /** @param totals drops since the start, by reason */
  showDropped(totals: Readonly<Record<string, number>>): void {
    for (const [reason, total] of Object.entries(totals)) {
      this.dropped.inc({ reason }, total - (this.knownDrops[reason] ?? 0));
    }
    this.knownDrops = { ...totals };
  }

  countWrite(what: 'scale' | 'drain' | 'undrain' | 'status', outcome: string): void {
    this.writes.inc({ what, outcome });
  }

  observeDecision(durationMs: number): void {
    this.decisionSeconds.observe(durationMs / 1000);
  }

  observeWake(durationMs: number): void {
    this.wakeSeconds.observe(durationMs / 1000);
  }
}
