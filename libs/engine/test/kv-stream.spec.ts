import { afterEach, describe, expect, it } from '@jest/globals';
import { KvEventPublisher, rankEndpoint } from '../src/kv-stream/index.js';
import {
  closeAll,
  connected,
  publish,
  type Received,
  rawPublisher,
  sequences,
  subscribe,
  texts,
  u64,
  until,
} from './kv-stream-fixture.js';

afterEach(closeAll);

describe('the event stream', () => {
  it('delivers what is published, in order, with topic and sequence', async () => {
    const publisher = await publish({ topic: 'kv@127.0.0.1@model' });
    const received = subscribe(publisher, { topic: 'kv@' });
    const next = await connected(publisher, received);
    for (let i = 0; i < 500; i++) publisher.publish(Buffer.from(`message ${i}`));
    await until(() => received.messages.length === 500, '500 messages');
    expect(sequences(received.messages)).toEqual(Array.from({ length: 500 }, (_, i) => next + i));
    expect(texts(received.messages)[499]).toBe('message 499');
    expect(received.messages[0]).toMatchObject({ topic: 'kv@127.0.0.1@model', replayed: false });
    expect(received.gaps).toEqual([]);
    expect(received.connections).toEqual([true]);
    expect(received.subscriber.stats).toMatchObject({ gaps: 0, connections: 1, drops: {} });
  });

  it('does not deliver other topics', async () => {
    const publisher = await publish({ topic: 'other' });
    const wanted = subscribe(publisher, { topic: 'kv@' });
    await connected(publisher, subscribe(publisher));
    expect(wanted.messages).toEqual([]);
  });

  it('numbers the streams of several publishers each on its own', async () => {
    const publishers = [await publish(), await publish()] as const;
    const received = publishers.map((publisher) => subscribe(publisher)) as [Received, Received];
    await connected(publishers[0], received[0]);
    await connected(publishers[1], received[1]);
    publishers[0].publish(Buffer.from('a'));
    publishers[1].publish(Buffer.from('b'));
    await until(() => received.every((r) => r.messages.length === 1), 'one message each');
    expect(received.map((r) => texts(r.messages))).toEqual([['a'], ['b']]);
    expect(rankEndpoint('tcp://10.0.0.7:5557', 2)).toBe('tcp://10.0.0.7:5559');
    expect(() => rankEndpoint('inproc://x', 2)).toThrow('tcp://<address>:<port>');
  });

  it('reconnects to a publisher that restarted and shows its sequence from 0', async () => {
    const first = await publish();
    const received = subscribe(first);
    await connected(first, received);
    await first.close();
    await until(() => received.connections.at(-1) === false, 'disconnect');
    const second = await publish({ endpoint: first.endpoint, replayEndpoint: first.replayEndpoint });
    await until(() => received.connections.at(-1) === true, 'reconnect');
    second.publish(Buffer.from('first of the new life'));
    const outcome = await received.subscriber.replay(0);
    expect(outcome).toEqual({ messages: 1, first: 0, last: 0, complete: true });
    expect(received.messages.filter((m) => m.sequence === 0 && m.replayed)).toHaveLength(1);
    expect(received.gaps).toEqual([]);
    expect(received.connections).toEqual([true, false, true]);
  });

  it('refuses an endpoint that is none, or taken, saying so', async () => {
    expect(() => subscribe({ endpoint: 'nonsense' })).toThrow(/cannot subscribe to nonsense.*tcp:\/\//);
    const taken = await publish();
    await expect(KvEventPublisher.bind({ endpoint: taken.endpoint })).rejects.toThrow(
      /cannot bind the event socket to tcp:.*port 0/,
    );
    await expect(
      KvEventPublisher.bind({ endpoint: 'tcp://127.0.0.1:0', replayEndpoint: taken.endpoint }),
    ).rejects.toThrow('cannot bind');
  });

  it('goes on when a handler throws', async () => {
    const publisher = await publish();
    const errors: unknown[] = [];
    let calls = 0;
    const received = subscribe(publisher, {
      onMessage: () => {
        calls++;
        throw new Error('handler');
      },
      onError: (error) => errors.push(error),
    });
    await until(() => {
      publisher.publish(Buffer.from('x'));
      return calls > 2;
    }, 'three calls');
    expect(errors.length).toBe(calls);
    expect(received.subscriber.connected).toBe(true);
  });

  it('calls nobody after close', async () => {
    const publisher = await publish();
    const received = subscribe(publisher);
    await connected(publisher, received);
    publisher.publish(Buffer.from('x'));
    await received.subscriber.close();
    const seen = received.messages.length;
    publisher.publish(Buffer.from('y'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(received.messages.length).toBe(seen);
    await expect(received.subscriber.replay(0)).rejects.toMatchObject({ reason: 'aborted' });
    await publisher.close();
    expect(() => publisher.publish(Buffer.from('z'))).toThrow('is closed');
  });
});

describe('frames that are none', () => {
  it('drops and counts them by reason, and delivers the others', async () => {
    const { socket, endpoint } = await rawPublisher();
    const lost: string[] = [];
    const received = subscribe({ endpoint }, { onLoss: (reason) => lost.push(reason) });
    await until(() => {
      void socket.send(['', u64(0n), 'warm-up']);
      return received.messages.length > 0;
    }, 'a first message');
    await new Promise((resolve) => setTimeout(resolve, 50));
    received.messages.length = 0;
    for (const frames of [
      [''],
      ['', u64(1n)],
      ['', u64(1n), 'payload', 'more'],
      ['', '', 'payload'],
      ['', Buffer.alloc(7), 'payload'],
      ['', Buffer.alloc(9), 'payload'],
      ['', u64(2n ** 64n - 1n), 'payload'],
      ['', u64(2n ** 53n), 'payload'],
      ['', u64(1n), 'good'],
    ]) {
      await socket.send(frames);
    }
    await until(() => received.messages.length > 0, 'the good message');
    expect(texts(received.messages)).toEqual(['good']);
    expect(received.subscriber.stats.drops).toEqual({ 'frame-count': 3, 'bad-sequence': 5 });
    expect(lost).toEqual([...Array(3).fill('frame-count'), ...Array(5).fill('bad-sequence')]);
  });

  it('reports a gap before the message that shows it', async () => {
    const { socket, endpoint } = await rawPublisher();
    const log: string[] = [];
    const received = subscribe(
      { endpoint },
      {
        onGap: (gap) => log.push(`gap ${gap.expected}..${gap.received}`),
        onMessage: (message) => log.push(`${message.sequence}`),
      },
    );
    await until(() => {
      void socket.send(['', u64(3n), 'warm-up']);
      return log.length > 0;
    }, 'a first message');
    await new Promise((resolve) => setTimeout(resolve, 50));
    log.length = 0;
    for (const sequence of [4n, 7n, 8n, 0n, 1n]) await socket.send(['', u64(sequence), 'x']);
    await until(() => log.length === 6, 'all messages');
    expect(log).toEqual(['4', 'gap 5..7', '7', '8', '0', '1']);
    expect(received.subscriber.stats.gaps).toBe(1);
  });
});
