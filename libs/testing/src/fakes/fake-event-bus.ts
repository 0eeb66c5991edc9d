import type {
  DurableOptions,
  EventBus,
  EventBusStatus,
  EventHandler,
  FollowOptions,
  IncomingEvent,
  OutgoingEvent,
  Subscription,
} from '@penstock/core/ports';
import { decodeEvent, definitionOf, encodeEvent, parseEventSubject } from '@penstock/messaging';
import { FakeBroker, type StoredMessage } from './fake-broker.js';

export interface FakeEventBusOptions {
  /** Buses that share a broker see each other's events; a new one by default. */
  readonly broker?: FakeBroker;
  readonly source?: string;
  readonly epoch?: string;
  readonly nowMs?: () => number;
}

interface Delivery {
  readonly message: StoredMessage;
  readonly deliveries: number;
}

const DEFAULT_MAX_DELIVERIES = 5;
let buses = 0;

/**
 * In-memory `EventBus` that writes and reads the same bytes as the real one, schema checks included. Handlers run
 * asynchronously, one event at a time per subscription; failed ones are retried at once.
 */
export class FakeEventBus implements EventBus {
  readonly broker: FakeBroker;
  /** While true, published events wait (unlimited) and nothing is delivered here. */
  private away = false;
  private readonly waiting: Array<OutgoingEvent> = [];
  private readonly source: string;
  private readonly epoch: string;
  private readonly nowMs: () => number;
  private readonly pumps = new Set<Pump>();
  private invalidEvents = 0;
  private ids = 0;
  private closed = false;

  constructor(options: FakeEventBusOptions = {}) {
    this.broker = options.broker ?? new FakeBroker();
    this.source = options.source ?? 'fake/0';
    this.epoch = options.epoch ?? `fake-epoch-${++buses}`;
    this.nowMs = options.nowMs ?? Date.now;
  }

  /** Events refused at `publish` because they break their contract. */
  get invalid(): number {
    return this.invalidEvents;
  }

  publish<T>(event: OutgoingEvent<T>): void {
    if (this.closed) return;
    if (this.away) {
      this.waiting.push(event);
      return;
    }
    const { source, epoch } = this;
    try {
      const id = `${epoch}-${++this.ids}`;
      const message = encodeEvent(event, { id, source, epoch, nowMs: this.nowMs() });
      this.broker.store(event.type, message, event.id);
    } catch {
      this.invalidEvents++;
    }
  }

  async flush(): Promise<void> {
    if (this.away && this.waiting.length > 0)
      throw new Error(`${this.waiting.length} events were not stored`);
  }

  async consume<T>(options: DurableOptions, handler: EventHandler<T>): Promise<Subscription> {
    const { broker } = this;
    const maxDeliveries = options.maxDeliveries ?? DEFAULT_MAX_DELIVERIES;
    const wanted = matcher(options);
    const positionOf = () => {
      const position = broker.durables.get(options.durable) ?? { next: 0, again: [] };
      broker.durables.set(options.durable, position);
      return position;
    };
    const take = (): Delivery | undefined => {
      const position = positionOf();
      const again = position.again.shift();
      if (again) return again;
      while (position.next < broker.messages.length) {
        const message = broker.messages[position.next++]!;
        if (wanted(message)) return { message, deliveries: 1 };
      }
      return undefined;
    };
    return this.run(take, async ({ message, deliveries }) => {
      const bury = (reason: string) =>
        broker.deadLetters.push({ message, consumer: options.durable, reason });
      const decoded = decode<T>(message, deliveries);
      if (!decoded.event) return void bury(`${decoded.problem}: ${decoded.detail}`);
      try {
        await handler(decoded.event);
      } catch (error) {
        if (deliveries >= maxDeliveries) bury(`handler-failed: ${(error as Error).message}`);
        else positionOf().again.push({ message, deliveries: deliveries + 1 });
      }
    });
  }

  async follow<T>(options: FollowOptions, handler: EventHandler<T>): Promise<Subscription> {
    const { broker } = this;
    const wanted = matcher(options);
    let next = options.from === 'new' ? broker.messages.length : 0;
    const replayEnd = options.from === 'last-per-subject' ? broker.messages.length : 0;
    const lastOf = new Map(broker.messages.map((message) => [message.subject, message.sequence]));
    const take = (): Delivery | undefined => {
      if (next > broker.messages.length) {
        next = 0;
        options.onGap?.();
      }
      while (next < broker.messages.length) {
        const message = broker.messages[next++]!;
        const superseded = next <= replayEnd && lastOf.get(message.subject) !== message.sequence;
        if (wanted(message) && !superseded) return { message, deliveries: 1 };
      }
      return undefined;
    };
    return this.run(take, async ({ message }) => {
      const { event } = decode<T>(message, 1);
      if (event) await Promise.resolve(handler(event)).catch(() => {});
      else options.onUnreadable?.(parseEventSubject(message.subject)?.type ?? '');
    });
  }

  async lastByKey<T>(type: string, key: string): Promise<IncomingEvent<T> | undefined> {
    if (this.away) throw new Error('the fake event bus is disconnected');
    definitionOf(type);
    const found = this.broker.messages.findLast((message) => {
      const place = parseEventSubject(message.subject);
      return place?.type === type && place.key === key;
    });
    return found && decode<T>(found, 1).event;
  }

  status(): EventBusStatus {
    return {
      connected: !this.away,
      bufferedEvents: this.waiting.length,
      droppedEvents: 0,
      problem: this.away ? 'the fake event bus is disconnected' : undefined,
    };
  }

  async probe(): Promise<void> {
    if (this.away) throw new Error('the fake event bus is disconnected');
  }

  /** Behaves as if NATS were gone, until `reconnect`. */
  disconnect(): void {
    this.away = true;
  }

  reconnect(): void {
    this.away = false;
    for (const event of this.waiting.splice(0)) this.publish(event);
    for (const pump of this.pumps) pump.wake();
  }

  /** Resolves when every subscription of this bus has handled what is stored. */
  async settle(): Promise<void> {
    let before: number;
    do {
      before = this.broker.messages.length;
      await Promise.all(Array.from(this.pumps, (pump) => pump.idle()));
      await new Promise((resolve) => setImmediate(resolve));
    } while (before !== this.broker.messages.length);
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(Array.from(this.pumps, (pump) => pump.stop()));
    this.pumps.clear();
  }

  private run(take: () => Delivery | undefined, handle: (delivery: Delivery) => Promise<void>): Subscription {
    const pump = new Pump(() => (this.away ? undefined : take()), handle, this.broker);
    this.pumps.add(pump);
    pump.wake();
    return {
      stop: async () => {
        this.pumps.delete(pump);
        await pump.stop();
      },
    };
  }
}

/** Takes one delivery after the other whenever the broker changes. */
class Pump {
  private running: Promise<void> | undefined;
  private stopped = false;
  private woken = false;
  private readonly unsubscribe: () => void;

  constructor(
    private readonly take: () => Delivery | undefined,
    private readonly handle: (delivery: Delivery) => Promise<void>,
    broker: FakeBroker,
  ) {
    this.unsubscribe = broker.onChange(() => this.wake());
  }

  wake(): void {
    if (this.stopped) return;
    this.woken = true;
    this.running ??= this.drain();
  }

  async idle(): Promise<void> {
    this.wake();
    await this.running;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.unsubscribe();
    await this.running;
  }

  private async drain(): Promise<void> {
    await null;
    while (this.woken && !this.stopped) {
      this.woken = false;
      for (let delivery = this.take(); delivery; delivery = this.stopped ? undefined : this.take()) {
        await this.handle(delivery);
      }
    }
    this.running = undefined;
  }
}

function matcher(
  options: Pick<FollowOptions, 'types' | 'namespace' | 'pool' | 'wantsKey'>,
): (message: StoredMessage) => boolean {
  const streams = new Set<string>(options.types.map((type) => definitionOf(type).stream));
  return (message) => {
    if (!streams.has(message.stream)) return false;
    const place = parseEventSubject(message.subject);
    if (!place) return true;
    return (
      (options.wantsKey?.(place.key, place.type) ?? true) &&
      options.types.includes(place.type) &&
      (options.namespace === undefined || place.namespace === options.namespace) &&
      (options.pool === undefined || place.pool === options.pool)
    );
  };
}

function decode<T>(message: StoredMessage, deliveries: number) {
  const headers = new Map(message.headers);
  return decodeEvent<T>({
    subject: message.subject,
    header: (name) => headers.get(name),
    payload: message.payload,
    deliveries,
  });
}
