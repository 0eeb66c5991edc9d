import type { Cluster, LeaseHandle } from '@penstock/core/ports';
import type { Logger } from 'pino';
import type { LeaderPart, LeaderTerm } from './leader-part.js';

export interface LeaderRunOptions {
  readonly cluster: Cluster;
  readonly parts: readonly LeaderPart[];
  readonly logger: Logger;
  readonly leaseNamespace: string;
  readonly leaseName: string;
  readonly leaseDurationMs: number;
  /** Name of this replica in the Lease; must be its own. */
  readonly identity: string;
}

/** Lets the parts of the service work while this replica holds the Lease. */
export class LeaderRun {
  private lease: LeaseHandle | undefined;
  private leading: LeaderTerm | undefined;
  /** Terms follow each other: the next begins when the last has stopped writing. */
  private turn: Promise<void> = Promise.resolve();

  constructor(private readonly options: LeaderRunOptions) {}

  get isLeading(): boolean {
    return this.leading?.isHeld() ?? false;
  }

  /** Fencing token of the current term; 0 while another replica leads. */
  get transitions(): number {
    return this.isLeading ? (this.leading?.transitions ?? 0) : 0;
  }

  start(): void {
    const { cluster, leaseNamespace, leaseName, leaseDurationMs, identity } = this.options;
    this.lease = cluster.lease({
      namespace: leaseNamespace,
      name: leaseName,
      identity,
      durationMs: leaseDurationMs,
      onAcquired: (transitions) => this.begin(transitions),
      onLost: () => this.end(),
    });
  }

  /** Gives the lease back after the parts have stopped writing. */
  async stop(): Promise<void> {
    this.end();
    await this.turn;
    await this.lease?.release();
    await this.turn;
    await Promise.all(this.options.parts.map((part) => part.close()));
  }

  private begin(transitions: number): void {
    const lease = () => this.lease;
    const term: LeaderTerm = {
      transitions,
      isHeld: () => this.leading === term && lease()?.held === true && lease()?.transitions === transitions,
    };
    this.leading = term;
    this.options.logger.info({ transitions }, 'leading');
    this.turn = this.turn.then(() => {
      if (this.leading !== term) return;
      for (const part of this.options.parts) part.lead(term);
    });
  }

  private end(): void {
    if (!this.leading) return;
    this.leading = undefined;
    this.options.logger.info('no longer leading');
    this.turn = this.turn.then(async () => {
      await Promise.all(this.options.parts.map((part) => part.yield()));
    });
  }
}
