import { type Clock, type Cluster, ClusterError } from '@penstock/core/ports';
import type { Logger } from 'pino';
import type { LeaderPart, LeaderTerm } from '../leader/leader-part.js';
import { BindingController } from './binding-controller.js';
import { CliqueController } from './clique-controller.js';
import { FencedWriter, NotLeadingError } from './fenced-writer.js';
import { GangController } from './gang-controller.js';
import { GatheredQueue } from './gathered-queue.js';
import { SetController } from './set-controller.js';
import { splitKey } from './split-key.js';
import { keyOf, WorkloadView } from './workload-view.js';

export interface WorkloadControllersOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly config: {
    /** PodCliqueSets of this namespace only; all when absent. */
    readonly namespace?: string;
    readonly schedulerName: string;
    readonly startupGateImage: string;
    readonly startupGateCommand?: string | undefined;
  };
  /** Called with every reconciliation that failed. */
  readonly onFailure?: (controller: string) => void;
}

type Queues = Record<'set' | 'clique' | 'gang' | 'binding', GatheredQueue>;

const CONCURRENCY = 4;
/** Changes within this time are looked at together. */
const GATHER_MS = 10;

/** Turns PodCliqueSets into pods: one queue per kind, fed by what changes in the cluster. */
export class WorkloadControllers implements LeaderPart {
  readonly name = 'workload';
  private readonly view: WorkloadView;
  private queues: Queues | undefined;
  private term: LeaderTerm | undefined;

  constructor(private readonly options: WorkloadControllersOptions) {
    this.view = new WorkloadView(options.cluster, options.config.namespace, {
      set: (key) => this.queues?.set.add(key),
      clique: (key) => this.queues?.clique.add(key),
      gang: (key) => this.queues?.gang.add(key),
      binding: (key) => {
        this.queues?.binding.add(key);
        this.addSets();
      },
      synced: () => this.begin(),
    });
  }

  /** Objects that wait to be looked at, or are being looked at. */
  get pending(): number {
    return Object.values(this.queues ?? {}).reduce((sum, queue) => sum + queue.size, 0);
  }

  unsynced(): readonly string[] {
    return this.view.unsynced();
  }

  lead(term: LeaderTerm): void {
    this.term = term;
    this.begin();
  }

  async yield(): Promise<void> {
    const { queues } = this;
    this.queues = undefined;
    this.term = undefined;
    await Promise.all(Object.values(queues ?? {}).map((queue) => queue.stop()));
  }

  async close(): Promise<void> {
    await this.view.close();
  }

  /** Once this replica leads and knows everything: what is missing in an incomplete picture would be deleted. */
  private begin(): void {
    const { term, view } = this;
    if (!term || this.queues || view.unsynced().length > 0) return;
    const { cluster, clock, config } = this.options;
    const writer = new FencedWriter(cluster, term);
    const sets = new SetController(view, writer, cluster, clock, {
      schedulerName: config.schedulerName,
      lookLater: (key, delayMs) => this.queues?.set.addLater(key, delayMs),
    });
    const cliques = new CliqueController(view, writer, cluster, clock, config);
    const bindings = new BindingController(view, writer, clock);
    const gangs = new GangController(view, writer, clock);
    this.queues = {
      set: this.queue('set', (key) => sets.reconcile(key), writer),
      clique: this.queue('clique', (key) => cliques.reconcile(key), writer),
      binding: this.queue('binding', (key) => bindings.reconcile(key), writer),
      gang: this.queue('gang', (key) => gangs.reconcile(key), writer),
    };
    this.addSets();
    for (const binding of view.bindings.list()) this.queues.binding.add(keyOf(binding));
    for (const clique of view.cliques.list()) this.queues.clique.add(keyOf(clique));
    for (const gang of view.gangs.list()) this.queues.gang.add(keyOf(gang));
  }

  private addSets(): void {
    for (const set of this.view.sets.list()) this.queues?.set.add(keyOf(set));
  }

  private queue(
    controller: keyof Queues,
    reconcile: (key: string) => Promise<{ againInMs: number } | undefined>,
    writer: FencedWriter,
  ): GatheredQueue {
    const onError = (key: string, error: unknown, retryInMs: number) =>
      this.failed(controller, key, error, retryInMs, writer);
    return new GatheredQueue({ reconcile, concurrency: CONCURRENCY, onError }, GATHER_MS);
  }

  private failed(
    controller: keyof Queues,
    key: string,
    error: unknown,
    retryInMs: number,
    writer: FencedWriter,
  ): void {
    if (error instanceof NotLeadingError) return;
    const { logger, onFailure } = this.options;
    // A newer version of an object than the one known is everyday; the news are on their way.
    const isStale = error instanceof ClusterError && ['conflict', 'not-found'].includes(error.reason);
    logger[isStale ? 'debug' : 'warn'](
      { component: controller, resource: key, err: error, delayMs: retryInMs },
      'not reconciled yet',
    );
    if (isStale) return;
    onFailure?.(controller);
    const { namespace, name } = splitKey(key);
    const set = controller === 'set' ? this.view.sets.get(namespace, name) : undefined;
    if (!set) return;
    writer.tell({
      regarding: set,
      type: 'Warning',
      reason: 'ReconcileError',
      message: (error as Error).message,
    });
  }
}
