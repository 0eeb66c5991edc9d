import { Publisher } from 'zeromq';
import {
  type KvEventMessage,
  KvEventPublisher,
  type KvEventPublisherOptions,
  KvEventSubscriber,
  type KvEventSubscriberOptions,
} from '../src/kv-stream/index.js';

const open: Array<{ close(): unknown }> = [];
/** Closes every socket of a test. */
export async function closeAll(): Promise<void> {
  await Promise.all(open.splice(0).map((socket) => socket.close()));
}

/** Leaves a socket to `closeAll`. */
export function closeLater(socket: { close(): unknown }): void {
  open.push(socket);
}

export async function publish(options: Partial<KvEventPublisherOptions> = {}): Promise<KvEventPublisher> {
  const publisher = await KvEventPublisher.bind({
    endpoint: 'tcp://127.0.0.1:0',
    replayEndpoint: 'tcp://127.0.0.1:0',
    ...options,
  });
  open.push(publisher);
  return publisher;
}

export interface Received {
  readonly subscriber: KvEventSubscriber;
  readonly messages: KvEventMessage[];
  readonly gaps: Array<{ expected: number; received: number }>;
  readonly connections: boolean[];
}

export function subscribe(
  endpoints: { endpoint: string; replayEndpoint?: string },
  options: Partial<KvEventSubscriberOptions> = {},
): Received {
  const messages: KvEventMessage[] = [];
  const gaps: Received['gaps'] = [];
  const connections: boolean[] = [];
  const subscriber = new KvEventSubscriber({
    endpoint: endpoints.endpoint,
    replayEndpoint: endpoints.replayEndpoint,
    onMessage: (message) => messages.push(message),
    onGap: (gap) => gaps.push(gap),
    onConnection: (connected) => connections.push(connected),
    replay: { idleTimeoutMs: 300 },
    ...options,
  });
  open.push(subscriber);
  return { subscriber, messages, gaps, connections };
}

export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within 20 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Publishes until a first message arrives: a subscription needs a moment to reach the publisher. */
export async function connected(publisher: KvEventPublisher, received: Received): Promise<number> {
  await until(() => {
    publisher.publish(Buffer.from('warm-up'));
    return received.messages.length > 0;
  }, 'a first message');
  const last = publisher.nextSequence - 1;
  await until(() => received.messages.at(-1)?.sequence === last, 'all of the first messages');
  received.messages.length = 0;
  return publisher.nextSequence;
}

export const texts = (messages: readonly KvEventMessage[]) => messages.map((m) => m.payload.toString());
export const sequences = (messages: readonly KvEventMessage[]) => messages.map((m) => m.sequence);

/** A publisher that sends whatever the test wants. */
export async function rawPublisher(): Promise<{ socket: Publisher; endpoint: string }> {
  const socket = new Publisher({ linger: 0 });
  await socket.bind('tcp://127.0.0.1:0');
  open.push(socket);
  return { socket, endpoint: socket.lastEndpoint as string };
}
export const u64 = (value: bigint) => {
  const frame = Buffer.alloc(8);
  frame.writeBigUInt64BE(value);
  return frame;
};
