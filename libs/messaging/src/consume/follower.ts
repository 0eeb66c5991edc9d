import { randomUUID } from 'node:crypto';
import type { FollowOptions, Subscription } from '@penstock/core/ports';
import { AckPolicy, type ConsumerConfig, DeliverPolicy, type JsMsg, nanos, type StreamInfo } from 'nats';
import type { Link } from '../connection/link.js';
import type { AnyStreamName } from '../streams/stream-table.js';
import { decodeEvent } from '../wire/decode-event.js';
import { isWanted, parseEventSubject, type SubjectFilter, subjectFilter } from '../wire/event-subject.js';
import type { AnyHandler, ConsumeContext } from './consume-context.js';
import { received } from './received.js';
import { SubscriptionLoop } from './subscription-loop.js';

/**
 * Messages asked for ahead. Not a number of bytes: nats-server 2.9 answers a pull whose next message is larger than the
 * bytes left with nothing, and client and server then ask and refuse without end.
 */
const PREFETCHED_MESSAGES = 256;
/** The server forgets the consumer of a process that died after this long. */
const INACTIVE_MS = 60_000;

export interface FollowedStream {
  readonly stream: AnyStreamName;
  readonly filter: SubjectFilter;
}

/** Sees every event of a stream in order, from an ephemeral consumer of its own. */
export class Follower implements Subscription {
  private readonly loop: SubscriptionLoop;
  /** Where it is: the stream's life and the last sequence it has seen of it. */
  private place: { created: string; sequence: number } | undefined;
  /** Set when `follow` returned before the first session, so that the start was not where the caller thinks. */
  private startedLate = false;

  constructor(
    private readonly context: ConsumeContext,
    private readonly followed: FollowedStream,
    private readonly options: Pick<FollowOptions, 'from' | 'onGap' | 'onUnreadable' | 'wantsKey'>,
    private readonly handler: AnyHandler,
  ) {
    const name = `follow ${followed.filter.types.join(', ')}`;
    this.loop = new SubscriptionLoop(context.keeper, this.session.bind(this), context.log, name);
  }

  async begun(): Promise<void> {
    this.startedLate = !(await this.loop.begun()) && this.place === undefined;
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  private async session(link: Link, signal: AbortSignal, established: () => void): Promise<void> {
    const { stream, filter } = this.followed;
    const info = await link.manager.streams.info(stream);
    const start = this.startAt(info);
    const name = `follow-${randomUUID()}`;
    await link.manager.consumers.add(stream, {
      ...start,
      name,
      filter_subject: subjectFilter(filter),
      ack_policy: AckPolicy.None,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: nanos(INACTIVE_MS),
    });
    const consumer = await link.jetstream.consumers.get(stream, name);
    const messages = await consumer.consume({
      max_messages: PREFETCHED_MESSAGES,
      abort_on_missing_resource: true,
    });
    const close = () => void messages.close();
    signal.addEventListener('abort', close, { once: true });
    established();
    try {
      if (signal.aborted) return;
      let delivered = 0;
      for await (const message of messages) {
        if (message.info.deliverySequence !== ++delivered) throw new Error('deliveries were lost on the way');
        if (signal.aborted) return;
        await this.take(message);
        if (this.place) this.place.sequence = message.seq;
      }
      const error = await messages.closed();
      if (error && !signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', close);
      await messages.close().catch(() => {});
      if (!link.signal.aborted) void link.manager.consumers.delete(stream, name).catch(() => {});
    }
  }

  /** Continues where the last session ended when the stream still has what follows; else says that it cannot. */
  private startAt(info: StreamInfo): Partial<ConsumerConfig> {
    const { first_seq: first, last_seq: last } = info.state;
    const before = this.place;
    if (before && before.created === info.created && before.sequence <= last) {
      if (before.sequence + 1 < first) this.gap();
      return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: before.sequence + 1 };
    }
    this.place = { created: info.created, sequence: 0 };
    if (before || this.startedLate) this.gap();
    this.startedLate = false;
    if (this.options.from === 'last-per-subject') return { deliver_policy: DeliverPolicy.LastPerSubject };
    // A stream made after we began holds only what is new to us.
    if (this.options.from === 'all' || before) return { deliver_policy: DeliverPolicy.All };
    this.place.sequence = last;
    return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: last + 1 };
  }

  private gap(): void {
    this.context.counters.gaps++;
    this.tell(() => this.options.onGap?.());
  }

  /** Whoever puts something else among our subjects says nothing of what is followed. */
  private unreadable(subject: string): void {
    const type = parseEventSubject(subject)?.type;
    if (type !== undefined && this.followed.filter.types.includes(type))
      this.tell(() => this.options.onUnreadable?.(type));
  }

  private tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.context.counters.handlerErrors++;
      this.context.log.error({ error: (error as Error).message }, 'a gap handler failed');
    }
  }

  private async take(message: JsMsg): Promise<void> {
    const { counters, log } = this.context;
    counters.received++;
    const { wantsKey } = this.options;
    const place = wantsKey && parseEventSubject(message.subject);
    if (place && !wantsKey(place.key, place.type)) return;
    const decoded = decodeEvent(received(message));
    if (!decoded.event) {
      counters.rejected++;
      const { problem: reason, detail: error } = decoded;
      log.warn(
        { stream: message.info.stream, sequence: message.seq, reason, error },
        'a message was skipped',
      );
      this.unreadable(message.subject);
      return;
    }
    if (!isWanted(this.followed.filter, decoded.event)) return;
    try {
      await this.handler(decoded.event);
      counters.handled++;
    } catch (error) {
      counters.handlerErrors++;
      log.error(
        { type: decoded.event.type, error: (error as Error).message },
        'a handler failed; the event is passed over',
      );
    }
  }
}
