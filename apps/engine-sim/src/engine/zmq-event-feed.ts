import { encodeEngineBatch, KvEventPublisher, type PublishedEvent } from '@penstock/engine';
import { bindAddress, type KvEventsConfig } from '../options/kv-events-config.js';
import type { CacheEventFeed } from './cache-event-feed.js';

export interface ZmqEventFeedOptions {
  /** Address that `*` in the endpoints stands for. */
  readonly host: string;
  readonly eventFormat: 'array' | 'map';
}

/** Cache events as vLLM publishes them: one message per batch, sequences from 0 in every life of the process. */
export class ZmqEventFeed implements CacheEventFeed {
  private constructor(
    private readonly publisher: KvEventPublisher,
    private readonly layout: 'array' | 'map',
  ) {}

  /** Binds the sockets. Throws with the endpoint in the message when one is taken. */
  static async open(config: KvEventsConfig, options: ZmqEventFeedOptions): Promise<ZmqEventFeed> {
    const { replay_endpoint } = config;
    const publisher = await KvEventPublisher.bind({
      endpoint: bindAddress(config.endpoint, options.host),
      replayEndpoint: replay_endpoint === null ? undefined : bindAddress(replay_endpoint, options.host),
      topic: config.topic,
      bufferMessages: config.buffer_steps,
      sendHighWaterMark: config.hwm,
    });
    return new ZmqEventFeed(publisher, options.eventFormat);
  }

  get endpoint(): string {
    return this.publisher.endpoint;
  }

  get replayEndpoint(): string | null {
    return this.publisher.replayEndpoint ?? null;
  }

  /** Null before the first message. */
  get lastSequence(): number | null {
    return this.publisher.nextSequence === 0 ? null : this.publisher.nextSequence - 1;
  }

  publish(events: readonly PublishedEvent[]): void {
    this.publisher.publish(
      encodeEngineBatch({ timestampMs: Date.now(), rank: 0, events }, { layout: this.layout }),
    );
  }

  async close(): Promise<void> {
    await this.publisher.close();
  }
}
