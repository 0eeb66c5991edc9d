import type { Subscription } from '@penstock/core/ports';
import type { BusLog } from '../bus-log.js';
import type { Link } from '../connection/link.js';
import type { LinkKeeper } from '../connection/link-keeper.js';
import { Backoff, pause } from '../connection/pause.js';

/** One life of a subscription on one link: returns when it ends, calls `established` when it receives. */
export type Session = (link: Link, signal: AbortSignal, established: () => void) => Promise<void>;

const FIRST_SESSION_TIMEOUT_MS = 5000;

/** Runs a session on every link until it is stopped. */
export class SubscriptionLoop implements Subscription {
  private readonly stopping = new AbortController();
  private readonly finished: Promise<void>;
  private readonly first = Promise.withResolvers<void>();
  private hasBegun = false;

  constructor(
    private readonly keeper: LinkKeeper,
    private readonly session: Session,
    private readonly log: BusLog,
    private readonly name: string,
  ) {
    this.finished = this.run();
  }

  /**
   * Resolves when the first session receives, at once while NATS is away, and after 5 s at the latest; says whether
   * it receives.
   */
  async begun(): Promise<boolean> {
    if (!this.keeper.current) return false;
    await Promise.race([this.first.promise, pause(FIRST_SESSION_TIMEOUT_MS, this.stopping.signal)]);
    return this.hasBegun;
  }

  /** Resolves when the handler has returned and nothing more will be delivered. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.finished;
  }

  private async run(): Promise<void> {
    const backoff = new Backoff(100, 3000);
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const link = await this.keeper.waitForLink(signal).catch(() => undefined);
      if (!link) return;
      try {
        await this.session(link, AbortSignal.any([signal, link.signal]), () => {
          backoff.reset();
          this.hasBegun = true;
          this.first.resolve();
        });
      } catch (error) {
        if (!signal.aborted && !link.signal.aborted) {
          this.log.warn(
            { consumer: this.name, error: (error as Error).message },
            'a subscription is set up again',
          );
          this.keeper.recheck();
        }
      }
      if (!link.signal.aborted) await pause(backoff.next(), signal);
    }
  }
}
