import { isIP } from 'node:net';
import { encodeEngineBatch, KvEventPublisher, type PublishedEvent } from '@penstock/engine';
import { bindAddress, isDialled, type KvEventsConfig } from '../options/kv-events-config.js';
import type { CacheEventFeed } from './cache-event-feed.js';

export interface ZmqEventFeedOptions {
  /** Address that `*` in the endpoints stands for, and from which an endpoint without it is dialled. */
  readonly host: string;
  readonly eventFormat: 'array' | 'map';
}

/** Cache events as vLLM publishes them: one message per batch, sequences from 0 in every life of the process. */
export class ZmqEventFeed implements CacheEventFeed {
  private constructor(
    private readonly publisher: KvEventPublisher,
    /** Where subscribers connect; null when it dials them. */
    readonly endpoint: string | null,
    private readonly layout: 'array' | 'map',
  ) {}

  /** Binds the sockets, or dials. Throws with the endpoint in the message when one is taken. */
  static async open(config: KvEventsConfig, options: ZmqEventFeedOptions): Promise<ZmqEventFeed> {
    const { replay_endpoint } = config;
    const publisher = await KvEventPublisher.bind({
      endpoint: bindAddress(config.endpoint, options.host),
      dialFrom: isDialled(config) ? sourceAddress(options.host) : undefined,
      replayEndpoint: replay_endpoint === null ? undefined : bindAddress(replay_endpoint, options.host),
      topic: config.topic,
      bufferMessages: config.buffer_steps,
      sendHighWaterMark: config.hwm,
    });
    return new ZmqEventFeed(publisher, isDialled(config) ? null : publisher.endpoint, options.eventFormat);
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

/** A name, or every address of the machine, is none to dial from. */
function sourceAddress(host: string): string {
  return isIP(host) === 0 || host === '0.0.0.0' || host === '::' ? '' : host;
}
