import type { EventData } from '@penstock/contracts';
import type { IncomingEvent } from '@penstock/core/ports';
import { NatsInspector } from '@penstock/messaging';
import { DemandBoard } from './demand-board.js';
import { TrafficWindow } from './traffic-window.js';

/** How far back rates and ratios go. */
const WINDOW_MS = 60_000;
/** Schedulers report every second. */
const KEEP_REPORTS_MS = 5000;

type Completed = EventData<'routing.completed'>;
type Decided = EventData<'routing.decided'>;

/** Follows requests and load reports: what the last minute had, then everything that comes. */
export class TrafficFeed {
  window = new TrafficWindow(WINDOW_MS);
  readonly demand = new DemandBoard(KEEP_REPORTS_MS);
  /** ip:port by engine id, as far as decisions said. */
  readonly addresses = new Map<string, string>();

  private constructor(private readonly nats: NatsInspector) {}

  /** @throws Error with one sentence when NATS cannot be reached */
  static async open(servers: readonly string[], timeoutMs: number): Promise<TrafficFeed> {
    const nats = await NatsInspector.connect({ servers, source: 'penstock/top' }, timeoutMs);
    const feed = new TrafficFeed(nats);
    try {
      await feed.start();
      return feed;
    } catch (error) {
      await nats.close();
      throw error;
    }
  }

  /** False once the connection was lost: open another one then. */
  get isOpen(): boolean {
    return this.nats.isOpen;
  }

  close(): Promise<void> {
    return this.nats.close();
  }

  private async start(): Promise<void> {
    const early: IncomingEvent<unknown>[] = [];
    let take = (event: IncomingEvent<unknown>): void => {
      early.push(event);
    };
    this.nats.watch(['routing.completed', 'routing.decided', 'demand.reported'], (event) => take(event));
    await this.nats.settled();
    const since = Date.now() - WINDOW_MS;
    const stored = await Promise.all([
      this.nats.recent('routing.completed', since),
      this.nats.recent('routing.decided', since),
    ]);
    this.window = new TrafficWindow(WINDOW_MS, Math.max(...stored.map(({ sinceMs }) => sinceMs)));
    // What came while the stream was read may be in both.
    const events = [...stored.flatMap((part) => part.events), ...early];
    for (const event of new Map(events.map((known) => [known.id, known])).values()) this.take(event);
    take = (event) => this.take(event);
  }

  private take({ type, data, namespace, pool, timeMs }: IncomingEvent<unknown>): void {
    if (type === 'demand.reported') {
      this.demand.add(`${namespace}/${pool}`, data as EventData<'demand.reported'>, Date.now());
    } else if (type === 'routing.completed') {
      const { endpoint, promptTokens, cachedTokens, ttftMs, outcome } = data as Completed;
      this.window.addCompleted({
        atMs: timeMs,
        endpoint,
        promptTokens,
        cachedTokens,
        ttftMs,
        failed: outcome !== 'ok',
      });
    } else {
      const { endpoint, promptTokens, engine, matchedByTier = {} } = data as Decided;
      if (engine !== undefined) this.addresses.set(engine, endpoint);
      this.window.addRouted({ atMs: timeMs, promptTokens, matchedByTier });
    }
  }
}
