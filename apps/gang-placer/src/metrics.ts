import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const PREFIX = 'penstock_gang_placer';
const DECISION_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const BIND_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const WAIT_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200];

/** Every metric of gang-placer. */
export class PlacerMetrics {
  /** 1 while this replica decides. */
  readonly leading: Gauge;
  /** Gangs by state. */
  readonly gangs: Gauge<'state'>;
  readonly placements: Counter<'outcome'>;
  readonly refusals: Counter<'reason'>;
  readonly decisionSeconds: Histogram<'outcome'>;
  readonly searchSteps: Counter;
  readonly binds: Counter<'outcome'>;
  readonly bindSeconds: Histogram;
  readonly waitSeconds: Histogram;
  readonly dataAgeSeconds: Gauge;
  readonly busConnected: Gauge;
  readonly droppedEvents: Gauge;
  /** Reconciliations of workload objects that failed and are tried again. */
  readonly reconcileFailures: Counter<'controller'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.leading = new Gauge({
      name: `${PREFIX}_leading`,
      help: '1 while this replica holds the Lease and decides',
      registers,
    });
    this.gangs = new Gauge({
      name: `${PREFIX}_gangs`,
      help: 'Gangs, by state',
      labelNames: ['state'],
      registers,
    });
    this.placements = new Counter({
      name: `${PREFIX}_placements_total`,
      help: 'GangPlacements, by what became of them',
      labelNames: ['outcome'],
      registers,
    });
    this.refusals = new Counter({
      name: `${PREFIX}_refusals_total`,
      help: 'Decisions that a gang cannot be placed now, by the reason that rules out most nodes',
      labelNames: ['reason'],
      registers,
    });
    this.decisionSeconds = new Histogram({
      name: `${PREFIX}_decision_seconds`,
      help: 'Time to decide on one gang, by outcome',
      labelNames: ['outcome'],
      buckets: DECISION_SECONDS,
      registers,
    });
    this.searchSteps = new Counter({
      name: `${PREFIX}_search_steps_total`,
      help: 'Steps of the searches for places',
      registers,
    });
    this.binds = new Counter({
      name: `${PREFIX}_binds_total`,
      help: 'Bindings of pods, by outcome',
      labelNames: ['outcome'],
      registers,
    });
    this.bindSeconds = new Histogram({
      name: `${PREFIX}_bind_seconds`,
      help: 'Time the API takes to bind one pod',
      buckets: BIND_SECONDS,
      registers,
    });
    this.reconcileFailures = new Counter({
      name: `${PREFIX}_reconcile_failures_total`,
      help: 'Reconciliations of sets, cliques and gangs that failed and are tried again',
      labelNames: ['controller'],
      registers,
    });
    this.waitSeconds = new Histogram({
      name: `${PREFIX}_gang_wait_seconds`,
      help: 'From a gang being complete to its minimum being bound',
      buckets: WAIT_SECONDS,
      registers,
    });
    this.dataAgeSeconds = new Gauge({
      name: `${PREFIX}_data_age_seconds`,
      help: 'Age of the oldest watch that placement reads',
      registers,
    });
    this.busConnected = new Gauge({
      name: `${PREFIX}_bus_connected`,
      help: '1 while the event bus is connected',
      registers,
    });
    this.droppedEvents = new Gauge({
      name: `${PREFIX}_bus_dropped_events`,
      help: 'Events lost so far because the buffer was full',
      registers,
    });
  }

  /** Sets the metrics of state that exists anyway, when they are scraped. */
  collectWith(collect: () => void): void {
    Object.assign(this.leading, { collect });
  }
}
