import { connect, createServer } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Publisher } from 'zeromq';
import {
  type ExpectedPublisher,
  KvEventListener,
  type KvEventListenerOptions,
} from '../src/kv-stream/index.js';
import {
  closeAll,
  closeLater,
  publish,
  sequences,
  subscribe,
  texts,
  u64,
  until,
} from './kv-stream-fixture.js';

afterEach(closeAll);

const ENGINE: ExpectedPublisher = { address: '127.0.0.1', port: 8000, rank: 0 };
/** Nobody binds here: these engines only dial. */
const NOWHERE = 'tcp://127.0.0.1:1';

async function listen(options: Partial<KvEventListenerOptions> = {}): Promise<KvEventListener> {
  const listener = await KvEventListener.bind({ host: '127.0.0.1', port: 0, ...options });
  closeLater(listener);
  return listener;
}

/** An engine that dials, and goes on publishing until it is closed. */
function dial(listener: KvEventListener, topic = '', { rank = 0, text = topic, from = 0 } = {}) {
  const socket = new Publisher({ linger: 0, reconnectInterval: 50 });
  socket.connect(`tcp://127.0.0.1:${listener.ports[rank]}`);
  let sequence = from;
  const timer = setInterval(() => void socket.send([topic, u64(BigInt(sequence++)), text]), 5);
  const close = () => {
    clearInterval(timer);
    socket.close();
  };
  closeLater({ close });
  return { close, published: () => sequence };
}

const follow = (listener: KvEventListener, engine: ExpectedPublisher, replayEndpoint?: string) =>
  subscribe({ endpoint: NOWHERE, replayEndpoint }, { dialIn: { ...engine, listener } });

describe('engines that dial', () => {
  it('are followed like those that are dialled, by the address they come from', async () => {
    const listener = await listen();
    const received = follow(listener, ENGINE);
    const engine = dial(listener, 'any text');
    await until(() => received.messages.length > 20, 'messages');
    engine.close();
    await until(() => received.connections.at(-1) === false, 'the end of the connection');
    const got = sequences(received.messages);
    expect(got).toEqual(Array.from(got, (_, i) => (got[0] as number) + i));
    expect(received.messages[0]).toMatchObject({ topic: 'any text', replayed: false });
    expect(received.gaps).toEqual([]);
    expect(listener.stats).toEqual({ connections: 1, accepted: 1, conflicts: 0, refusals: {} });

    dial(listener, 'any text');
    await until(() => received.connections.at(-1) === true, 'the next life');
    expect(received.connections).toEqual([true, false, true]);
  });

  it('are asked for replays at their own replay endpoint', async () => {
    const listener = await listen();
    const full = await publish();
    for (let i = 0; i < 10; i++) full.publish(Buffer.from(`${i}`));
    const received = follow(listener, ENGINE, full.replayEndpoint);
    dial(listener, '', { from: 10, text: 'live' });
    await until(() => received.messages.length > 0, 'a live message');
    await received.subscriber.replay(0);
    await until(() => received.messages.at(-1)?.replayed === false, 'what came live meanwhile');
    const replayed = received.messages.filter((message) => message.replayed);
    expect(texts(replayed)).toEqual(Array.from({ length: 10 }, (_, i) => `${i}`));
  });

  it('are told apart by their topic where they share an address, and by the port they dial', async () => {
    const listener = await listen({ ranks: 2 });
    const topic = (port: number) => `kv@127.0.0.1:${port}@m`;
    const engines = [ENGINE, { ...ENGINE, rank: 1 }, { ...ENGINE, port: 8001 }];
    const received = engines.map((engine) => follow(listener, engine));
    dial(listener, topic(8000), { text: 'first' });
    dial(listener, topic(8000), { rank: 1, text: 'second rank', from: 1_000 });
    dial(listener, topic(8001), { text: 'third', from: 1_000_000 });
    await until(() => received.every(({ messages }) => messages.length > 20), 'messages of each');
    expect(received.map(({ messages }) => [...new Set(texts(messages))])).toEqual([
      ['first'],
      ['second rank'],
      ['third'],
    ]);
    expect(received.map(({ gaps }) => gaps)).toEqual([[], [], []]);
    expect(listener.stats).toMatchObject({ accepted: 3, refusals: {} });
  });

  it('are told apart by their addresses alone', async () => {
    const listener = await listen();
    const followed = ['127.0.0.2', '127.0.0.3'].map((address) => follow(listener, { ...ENGINE, address }));
    const engines = await Promise.all(
      ['127.0.0.3', '127.0.0.2', '127.0.0.4'].map((dialFrom) =>
        publish({ endpoint: `tcp://127.0.0.1:${listener.ports[0]}`, dialFrom, replayEndpoint: undefined }),
      ),
    );
    await until(() => {
      for (const [i, engine] of engines.entries()) engine.publish(Buffer.from(`engine ${i}`));
      return followed.every(({ messages }) => messages.length > 3);
    }, 'messages of both');
    expect(followed.map(({ messages }) => [...new Set(texts(messages))])).toEqual([
      ['engine 1'],
      ['engine 0'],
    ]);
    expect(engines[0]?.endpoint).toBe(`tcp://127.0.0.1:${listener.ports[0]}`);
    await expect(publish({ endpoint: 'nowhere', dialFrom: '' })).rejects.toThrow(
      /cannot dial nowhere: .*tcp:/,
    );
  });

  it('may dial before the cluster tells of them', async () => {
    const listener = await listen();
    dial(listener);
    await until(() => (listener.stats.refusals['unknown-address'] ?? 0) > 0, 'a refusal');
    const received = follow(listener, ENGINE);
    await until(() => received.messages.length > 0, 'messages');
  });

  it('are let go when nobody follows them any more', async () => {
    const listener = await listen();
    const received = follow(listener, ENGINE);
    dial(listener);
    await until(() => received.messages.length > 0, 'messages');
    await received.subscriber.close();
    const { length } = received.messages;
    await until(() => (listener.stats.refusals['unknown-address'] ?? 0) > 0, 'a refusal');
    expect(received.messages.length).toBe(length);
  });
});

describe('connections that are nobody’s', () => {
  it('are refused by the reason, and nothing of them is delivered', async () => {
    const listener = await listen();
    const elsewhere = follow(listener, { ...ENGINE, address: '10.0.0.7' });
    const claim = dial(listener, 'kv@10.0.0.7:8000@m');
    await until(() => (listener.stats.refusals['unknown-address'] ?? 0) > 1, 'refusals of an address');
    expect(elsewhere.messages).toEqual([]);

    const received = [ENGINE, { ...ENGINE, port: 8001 }].map((engine) => follow(listener, engine));
    await until(() => (listener.stats.refusals['foreign-topic'] ?? 0) > 1, 'refusals of a topic');
    claim.close();
    dial(listener, 'text that tells nothing');
    await until(() => (listener.stats.refusals.ambiguous ?? 0) > 1, 'refusals without a topic');
    for (const { messages, connections } of [elsewhere, ...received]) {
      expect({ messages, connections }).toEqual({ messages: [], connections: [] });
    }
    expect(listener.stats.accepted).toBe(0);
  });

  it('are refused too when a topic changes to another engine’s', async () => {
    const listener = await listen();
    const received = [ENGINE, { ...ENGINE, port: 8001 }].map((engine) => follow(listener, engine));
    const socket = new Publisher({ linger: 0 });
    closeLater(socket);
    socket.connect(`tcp://127.0.0.1:${listener.ports[0]}`);
    await until(() => {
      void socket.send(['kv@127.0.0.1:8000@m', u64(0n), 'own']);
      return (received[0]?.messages.length ?? 0) > 0;
    }, 'own messages');
    await socket.send(['kv@127.0.0.1:8001@m', u64(1n), 'foreign']);
    await until(() => listener.stats.refusals['foreign-topic'] === 1, 'a refusal');
    expect(received[1]?.messages).toEqual([]);
    expect(new Set(texts(received[0]?.messages ?? []))).toEqual(new Set(['own']));
  });

  it('are all refused when two publishers claim to be one engine, instead of mixing them', async () => {
    const listener = await listen();
    const received = follow(listener, ENGINE);
    dial(listener, 'one');
    dial(listener, 'two');
    await until(() => listener.stats.conflicts === 1, 'the conflict');
    const { length } = received.messages;
    await until(() => (listener.stats.refusals.conflict ?? 0) > 4, 'both refused');
    expect(received.messages.length).toBe(length);
    expect(received.connections.at(-1)).toBe(false);
    // Every other publisher began with a new connection, of which its follower was told.
    const changes = received.messages.filter(
      ({ topic }, i) => i > 0 && topic !== received.messages[i - 1]?.topic,
    );
    expect(changes.length).toBeLessThan(received.connections.filter(Boolean).length);
  });

  it('are not listened to while the engine is followed where it waits to be dialled', async () => {
    const listener = await listen();
    const publisher = await publish();
    const received = subscribe(publisher, { dialIn: { ...ENGINE, listener } });
    await until(() => received.connections.length > 0, 'the connection to the engine');
    dial(listener, 'second');
    const { stats } = received.subscriber;
    await until(() => (stats.drops['second-publisher'] ?? 0) > 3, 'messages of the second');
    await until(() => {
      publisher.publish(Buffer.from('first'));
      return received.messages.length > 3;
    }, 'messages of the first');
    expect(new Set(texts(received.messages))).toEqual(new Set(['first']));
    await publisher.close();
    await until(() => texts(received.messages).at(-1) === 'second', 'the second in its place');
    expect(received.connections).toEqual([true, false, true]);
  });

  it.each([
    ['in all', { maxConnections: 2 }],
    ['from one address', { maxConnectionsPerAddress: 2 }],
  ])('may be anything but ZeroMQ, or too many %s', async (_, limit) => {
    const listener = await listen(limit);
    const received = follow(listener, ENGINE);
    dial(listener);
    await until(() => received.messages.length > 0, 'messages');
    const port = listener.ports[0] as number;
    for (const bytes of ['GET / HTTP/1.1\r\n\r\n', Buffer.alloc(100_000, 0xff), Buffer.alloc(10)]) {
      const stranger = connect(port, '127.0.0.1');
      stranger.on('error', () => undefined);
      closeLater({ close: () => stranger.destroy() });
      stranger.write(bytes);
    }
    await until(() => (listener.stats.refusals['too-many'] ?? 0) > 0, 'one too many');
    const { length } = received.messages;
    await until(() => received.messages.length > length + 10, 'further messages');
    expect(received.gaps).toEqual([]);
  });
});

it('says what is wrong with the address', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  closeLater(taken);
  const { port } = taken.address() as { port: number };
  await expect(listen({ port })).rejects.toThrow(
    /cannot listen for engines on 127\.0\.0\.1:\d+ .*free ports/,
  );
  await expect(listen({ host: '203.0.113.1' })).rejects.toThrow(
    /cannot listen for engines on 203\.0\.113\.1:0/,
  );
});
