import type { Subscription } from '@penstock/core/ports';
import type { ConsumerMessages, JsMsg } from 'nats';
import type { Link } from '../connection/link.js';
import { pause } from '../connection/pause.js';
import { decodeEvent } from '../wire/decode-event.js';
import type { AnyHandler, ConsumeContext } from './consume-context.js';
import { deadLetter } from './dead-letter.js';
import { ensureConsumer, type WantedConsumer } from './ensure-consumer.js';
import { received } from './received.js';
import { SubscriptionLoop } from './subscription-loop.js';

/** Few, so that replicas share the work and a slow handler hoards little. */
const PREFETCHED_MESSAGES = 16;

/** At-least-once work on one event type, shared by the replicas that name the same consumer. */
export class DurableConsumer implements Subscription {
  private readonly loop: SubscriptionLoop;

  constructor(
    private readonly context: ConsumeContext,
    private readonly wanted: WantedConsumer,
    private readonly maxDeliveries: number,
    private readonly handler: AnyHandler,
  ) {
    const session = this.session.bind(this);
    this.loop = new SubscriptionLoop(context.keeper, session, context.log, wanted.name);
  }

  async begun(): Promise<void> {
    await this.loop.begun();
  }

  async stop(): Promise<void> {
    await this.loop.stop();
    this.context.keeper.drift.delete(this.driftKey);
  }

  private get driftKey(): string {
    return `consumer ${this.wanted.name}`;
  }

  private async session(link: Link, signal: AbortSignal, established: () => void): Promise<void> {
    const { stream, name } = this.wanted;
    const drift = await ensureConsumer(link.manager, this.wanted);
    if (drift) this.context.keeper.drift.set(this.driftKey, drift);
    else this.context.keeper.drift.delete(this.driftKey);

    const consumer = await link.jetstream.consumers.get(stream, name);
    const held: JsMsg[] = [];
    let wake = () => {};
    let ended: Error | undefined;
    const messages: ConsumerMessages = await consumer.consume({
      max_messages: PREFETCHED_MESSAGES,
      abort_on_missing_resource: true,
      callback: (message) => {
        held.push(message);
        wake();
      },
    });
    const end = (error?: Error) => {
      ended ??= error ?? new Error('ended');
      wake();
    };
    const close = () => {
      end();
      void messages.close();
    };
    signal.addEventListener('abort', close, { once: true });
    void messages.closed().then((error) => end(error ?? undefined));
    // Messages wait for the handler longer than the server waits for us: it is told that we are at it.
    const heartbeat = setInterval(() => {
      for (const message of held) message.working();
    }, this.context.ackWaitMs / 3);
    established();
    try {
      while (!ended) {
        const message = held[0];
        if (message) {
          await this.take(link, message);
          held.shift();
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          wake = () => {};
        }
      }
    } finally {
      clearInterval(heartbeat);
      signal.removeEventListener('abort', close);
      await messages.close().catch(() => {});
      giveBack(held);
    }
    if (!signal.aborted && ended) throw ended;
  }

  private async take(link: Link, message: JsMsg): Promise<void> {
    const { counters } = this.context;
    counters.received++;
    const decoded = decodeEvent(received(message));
    if (!decoded.event) {
      counters.rejected++;
      return this.bury(link, message, `${decoded.problem}: ${decoded.detail}`);
    }
    const { deliveries } = decoded.event;
    // The process died (or lost its connection) in every delivery so far.
    if (deliveries > this.maxDeliveries) {
      return this.bury(link, message, `handler-failed: not finished in ${deliveries - 1} deliveries`);
    }
    try {
      await this.withTimeout(Promise.resolve(this.handler(decoded.event)));
      counters.handled++;
      message.ack();
    } catch (error) {
      counters.handlerErrors++;
      const reason = error instanceof Error ? error.message : String(error);
      if (deliveries >= this.maxDeliveries) {
        return this.bury(link, message, `handler-failed: ${reason}`);
      }
      const { firstRetryMs, longestRetryMs } = this.context;
      counters.retried++;
      message.nak(Math.min(firstRetryMs * 4 ** (deliveries - 1), longestRetryMs));
      this.context.log.warn(
        { consumer: this.wanted.name, attempt: deliveries, reason },
        'a handler failed; the event will come again',
      );
    }
  }

  private async bury(link: Link, message: JsMsg, reason: string): Promise<void> {
    try {
      await deadLetter(link.jetstream, message, this.wanted.name, reason);
      message.term();
      this.context.counters.deadLettered++;
      this.context.log.warn(
        { consumer: this.wanted.name, sequence: message.seq, reason },
        'a message was dead-lettered',
      );
    } catch (error) {
      message.nak(this.context.longestRetryMs);
      this.context.log.warn({ reason: (error as Error).message }, 'a message could not be dead-lettered yet');
    }
  }

  private async withTimeout(work: Promise<void>): Promise<void> {
    const { handlerTimeoutMs } = this.context;
    const over = new AbortController();
    const timeout = pause(handlerTimeoutMs, over.signal).then(() => {
      if (!over.signal.aborted) throw new Error(`the handler did not finish within ${handlerTimeoutMs} ms`);
    });
    try {
      await Promise.race([work, timeout]);
    } finally {
      over.abort();
      await timeout.catch(() => {});
    }
  }
}

/** Lets others have them at once; without a connection the server does so by itself after the wait. */
function giveBack(messages: readonly JsMsg[]): void {
  try {
    for (const message of messages) message.nak();
  } catch {
    // The connection is closed.
  }
}
