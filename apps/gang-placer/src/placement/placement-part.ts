import type { LeaderPart, LeaderTerm } from '../leader/leader-part.js';
import type { PartContext } from '../part-context.js';
import { type GangState, gangState } from './gang-state.js';
import { GangTasks } from './gang-tasks.js';
import { PlacementEvents } from './placement-events.js';
import { PlacementRound } from './placement-round.js';
import { keyOf, PlacementStore } from './placement-store.js';
import { PlacementView } from './placement-view.js';
import { WaitReporter } from './report-waits.js';
import { RunningTasks } from './running-tasks.js';
import { WaitingGangs } from './waiting-gangs.js';

const RETRY_MS = 1_000;

/** Places gangs: rounds of decisions, a short while after something has changed, while this replica leads. */
export class PlacementPart implements LeaderPart {
  readonly name = 'placement';
  readonly view: PlacementView;
  readonly store: PlacementStore;
  readonly waiting: WaitingGangs;
  private readonly reporter: WaitReporter;
  private readonly events: PlacementEvents;
  private leading:
    | { readonly term: LeaderTerm; readonly round: PlacementRound; readonly busy: RunningTasks }
    | undefined;
  /** Why the last round of decisions did not take place. */
  private roundProblem: string | undefined;
  private timer: NodeJS.Timeout | undefined;
  private timerAtMs = Number.POSITIVE_INFINITY;
  private running: Promise<void> | undefined;

  constructor(private readonly context: PartContext) {
    const { cluster, bus, clock, config, logger } = context;
    const nowMs = () => clock.nowMs();
    this.view = new PlacementView(cluster, config.namespace, () => this.wakeIn(config.batchMs));
    this.store = new PlacementStore(cluster, this.view);
    this.waiting = new WaitingGangs(config.retryMs);
    this.events = new PlacementEvents(bus, cluster, nowMs);
    const { view, store, waiting, events } = this;
    const { refusalIntervalMs: intervalMs, bindConcurrency } = config;
    this.reporter = new WaitReporter({
      ...{ cluster, view, store, waiting, events, logger, nowMs, intervalMs, bindConcurrency },
    });
  }

  unsynced(): readonly string[] {
    return this.view.unsynced();
  }

  /** What keeps this replica from deciding or from carrying decisions out; undefined when nothing does. */
  problem(): string | undefined {
    return this.leading && (this.roundProblem ?? this.leading.busy.problem());
  }

  /** A gang as it is now, from memory; undefined when there is none of that name. */
  look(key: string): GangState | undefined {
    const { view, store } = this;
    const [namespace, name] = key.split('/') as [string, string];
    const gang = view.gangs.get(namespace, name);
    return (
      gang &&
      gangState(gang, store.get(key), {
        pod: (podNamespace, podName) => view.pods.get(podNamespace, podName),
        nodeOf: (pod) => view.nodeOf(pod),
        nodeExists: (node) => view.nodes.get(undefined, node) !== undefined,
        schedulerName: this.context.config.schedulerName,
      })
    );
  }

  /** Keys of all gangs, in order. */
  keys(): string[] {
    return this.view.gangs.list().map(keyOf).sort();
  }

  list(): GangState[] {
    return this.keys().flatMap((key) => this.look(key) ?? []);
  }

  lead(term: LeaderTerm): void {
    const { view, store, waiting, events, reporter } = this;
    const { cluster, config, metrics, logger, instance } = this.context;
    const nowMs = () => this.context.clock.nowMs();
    const look = (key: string) => this.look(key);
    const { bindConcurrency } = config;
    const tasks = new GangTasks({
      ...{ cluster, view, store, events, metrics, term, bindConcurrency, nowMs, look },
      told: (key) => reporter.changed(key),
    });
    const busy = new RunningTasks(logger, () => this.wakeIn(config.batchMs));
    const round = new PlacementRound({
      ...{ cluster, view, store, waiting, reporter, tasks, busy, metrics, term, nowMs, config },
      ...{ replica: instance, list: () => this.list() },
    });
    this.leading = { term, round, busy };
    waiting.clear();
    reporter.lead(term);
    this.wakeIn(0);
  }

  async yield(): Promise<void> {
    const { leading } = this;
    this.leading = undefined;
    this.reporter.yield();
    clearTimeout(this.timer);
    this.timer = undefined;
    this.timerAtMs = Number.POSITIVE_INFINITY;
    await this.running;
    await leading?.round.stop();
  }

  async close(): Promise<void> {
    await this.yield();
    await this.reporter.stop();
    await this.view.close();
  }

  /** The earliest of several calls counts. */
  private wakeIn(delayMs: number): void {
    const atMs = performance.now() + delayMs;
    if (!this.leading || atMs >= this.timerAtMs) return;
    clearTimeout(this.timer);
    this.timerAtMs = atMs;
    this.timer = setTimeout(() => {
      this.timerAtMs = Number.POSITIVE_INFINITY;
      this.running = this.run(this.running);
    }, delayMs);
  }

  private async run(before: Promise<void> | undefined): Promise<void> {
    await before;
    const { leading } = this;
    if (!leading?.term.isHeld() || this.view.unsynced().length > 0) return;
    try {
      const againInMs = await leading.round.run();
      this.roundProblem = undefined;
      if (againInMs !== undefined) this.wakeIn(againInMs);
    } catch (error) {
      this.roundProblem = `no decisions now: ${error instanceof Error ? error.message : error}`;
      this.context.logger.warn({ err: error }, 'no decisions now: what they rest on is not known');
      this.wakeIn(RETRY_MS);
    }
  }
}
