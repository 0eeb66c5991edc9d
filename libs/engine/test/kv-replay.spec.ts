import { afterEach, describe, expect, it } from '@jest/globals';
import { Router } from 'zeromq';
import { requestReplay } from '../src/kv-stream/index.js';
import {
  closeAll,
  closeLater,
  connected,
  publish,
  rawPublisher,
  sequences,
  subscribe,
  texts,
  u64,
  until,
} from './kv-stream-fixture.js';

afterEach(closeAll);

describe('replay', () => {
  it.each([['topic'], ['plain']] as const)('brings what is buffered (%s replies)', async (replayShape) => {
    const publisher = await publish({ replayShape, topic: 't' });
    for (let i = 0; i < 300; i++) publisher.publish(Buffer.from(`${i}`));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const received = subscribe(publisher);
    await expect(received.subscriber.replay(10)).resolves.toEqual({
      messages: 290,
      first: 10,
      last: 299,
      complete: true,
    });
    expect(texts(received.messages)).toEqual(Array.from({ length: 290 }, (_, i) => `${i + 10}`));
    expect(received.messages[0]).toMatchObject({
      replayed: true,
      topic: replayShape === 'topic' ? 't' : '',
    });
  });

  it('shows what has left the buffer, by number or by bytes', async () => {
    const few = await publish({ bufferMessages: 4 });
    const small = await publish({ bufferCapacityBytes: 10 });
    for (let i = 0; i < 10; i++) {
      few.publish(Buffer.from('abc'));
      small.publish(Buffer.from('abc'));
    }
    const outcome = { messages: 4, first: 6, last: 9, complete: false };
    await expect(subscribe(few).subscriber.replay(2)).resolves.toEqual(outcome);
    await expect(subscribe(small).subscriber.replay(0)).resolves.toEqual({
      ...outcome,
      messages: 3,
      first: 7,
    });
  });

  it('brings nothing from a publisher that has not come that far', async () => {
    const publisher = await publish();
    publisher.publish(Buffer.from('x'));
    await expect(subscribe(publisher).subscriber.replay(5)).resolves.toEqual({
      messages: 0,
      first: undefined,
      last: undefined,
      complete: false,
    });
  });

  it('holds live messages back until it is done, and delivers nothing twice', async () => {
    const publisher = await publish();
    const received = subscribe(publisher);
    const next = await connected(publisher, received);
    for (let i = 0; i < 2000; i++) publisher.publish(Buffer.from(`${next + i}`));
    const replay = received.subscriber.replay(next);
    const publishing = setInterval(() => publisher.publish(Buffer.from(`${publisher.nextSequence}`)), 1);
    const outcome = await replay;
    clearInterval(publishing);
    const last = publisher.nextSequence - 1;
    await until(() => received.messages.at(-1)?.sequence === last, 'the last message');
    expect(outcome.complete).toBe(true);
    expect(received.gaps).toEqual([]);
    // Live messages that came before the call are delivered; from the first replayed one on, each once, in order.
    const from = received.messages.findIndex((m) => m.replayed);
    const tail = sequences(received.messages.slice(from));
    expect(tail).toEqual(Array.from({ length: last - next + 1 }, (_, i) => next + i));
    expect(texts(received.messages.slice(from))).toEqual(tail.map(String));
  });

  it('cures a gap: holds from the call on, even when called by a handler', async () => {
    const { socket, endpoint } = await rawPublisher();
    const full = await publish();
    for (let i = 0; i < 10; i++) full.publish(Buffer.from(`${i}`));
    const order: string[] = [];
    let cured: Promise<unknown> | undefined;
    const { subscriber } = subscribe(
      { endpoint, replayEndpoint: full.replayEndpoint as string },
      {
        onMessage: (message) => order.push(`${message.sequence}${message.replayed ? 'r' : ''}`),
        onGap: ({ expected }) => {
          cured = subscriber.replay(expected);
        },
      },
    );
    await until(() => {
      void socket.send(['', u64(0n), '0']);
      return order.length > 0;
    }, 'a first message');
    await new Promise((resolve) => setTimeout(resolve, 50));
    order.length = 0;
    for (const sequence of [1n, 5n, 6n, 10n]) await socket.send(['', u64(sequence), `${sequence}`]);
    await until(() => order.at(-1) === '10', 'the last message');
    await cured;
    // 5 shows the gap; 6 waits for the replay and is in it; 10 is new.
    expect(order).toEqual(['1', '5', '2r', '3r', '4r', '5r', '6r', '7r', '8r', '9r', '10']);
    expect(subscriber.stats.drops).toEqual({ 'replayed-before': 1 });
  });

  it('drops and counts what it cannot hold', async () => {
    const { socket, endpoint } = await rawPublisher();
    const silent = new Router({ linger: 0 });
    await silent.bind('tcp://127.0.0.1:0');
    closeLater(silent);
    const received = subscribe(
      { endpoint, replayEndpoint: silent.lastEndpoint as string },
      { maxHeldMessages: 2 },
    );
    await until(() => {
      void socket.send(['', u64(0n), '0']);
      return received.messages.length > 0;
    }, 'a first message');
    await new Promise((resolve) => setTimeout(resolve, 50));
    received.messages.length = 0;
    const failed = expect(received.subscriber.replay(0)).rejects.toMatchObject({
      name: 'ReplayError',
      reason: 'idle',
    });
    for (const sequence of [1n, 2n, 3n]) await socket.send(['', u64(sequence), 'x']);
    await failed;
    expect(sequences(received.messages)).toEqual([1, 2]);
    expect(received.subscriber.stats).toMatchObject({
      drops: { 'held-overflow': 1 },
      replays: 1,
      replayFailures: 1,
    });
  });

  it('runs one at a time', async () => {
    const publisher = await publish();
    for (let i = 0; i < 200; i++) publisher.publish(Buffer.from(`${i}`));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const received = subscribe(publisher);
    await Promise.all([received.subscriber.replay(0), received.subscriber.replay(190)]);
    expect(sequences(received.messages)).toEqual([
      ...Array.from({ length: 200 }, (_, i) => i),
      ...Array.from({ length: 10 }, (_, i) => 190 + i),
    ]);
  });

  it('says what is wrong with the endpoint', async () => {
    const publisher = await publish({ replayEndpoint: undefined });
    await expect(subscribe(publisher).subscriber.replay(0)).rejects.toMatchObject({
      reason: 'no-endpoint',
    });
    const nobody = subscribe({ endpoint: publisher.endpoint, replayEndpoint: 'tcp://127.0.0.1:1' });
    await expect(nobody.subscriber.replay(0)).rejects.toMatchObject({ reason: 'idle' });
    const wrong = subscribe({ endpoint: publisher.endpoint, replayEndpoint: 'nonsense' });
    await expect(wrong.subscriber.replay(0)).rejects.toThrow('nonsense');
  });

  it.each([
    ['one frame', ['']],
    ['no delimiter', ['x', u64(0n), 'payload']],
    ['four frames', ['', 'a', u64(0n), 'payload', 'more']],
    ['a short sequence', ['', Buffer.alloc(7), 'payload']],
  ])('refuses replies that are none: %s', async (_, reply) => {
    const router = new Router({ linger: 0 });
    await router.bind('tcp://127.0.0.1:0');
    closeLater(router);
    const serving = (async () => {
      const [identity] = await router.receive();
      await router.send([identity as Buffer, ...reply]);
    })();
    const replay = requestReplay(router.lastEndpoint as string, 0, { idleTimeoutMs: 1000 });
    await expect(replay.next()).rejects.toMatchObject({ reason: 'malformed' });
    await serving;
  });

  it('ends after its total time even when replies keep coming', async () => {
    const router = new Router({ linger: 0 });
    await router.bind('tcp://127.0.0.1:0');
    closeLater(router);
    let stop = false;
    const serving = (async () => {
      const [identity] = await router.receive();
      for (let i = 0n; !stop; i++) {
        await router.send([identity as Buffer, '', u64(i), 'x']);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    })();
    const all = async () => {
      const options = { idleTimeoutMs: 1000, totalTimeoutMs: 100 };
      for await (const _ of requestReplay(router.lastEndpoint as string, 0, options));
    };
    await expect(all()).rejects.toMatchObject({ reason: 'too-long' });
    stop = true;
    await serving;
  });

  it('does not deliver a live copy that comes after the end of the replay', async () => {
    const { socket, endpoint } = await rawPublisher();
    const full = await publish();
    for (let i = 0; i < 4; i++) full.publish(Buffer.from(`${i}`));
    const received = subscribe({ endpoint, replayEndpoint: full.replayEndpoint as string });
    await until(() => {
      void socket.send(['', u64(9n), 'warm-up']);
      return received.messages.length > 0;
    }, 'a first message');
    await new Promise((resolve) => setTimeout(resolve, 50));
    received.messages.length = 0;
    await received.subscriber.replay(1);
    // 2 and 3 are late copies; the second 3 is other content, hence another life; 4 is new.
    for (const [sequence, text] of [
      [2n, '2'],
      [3n, '3'],
      [3n, 'new life'],
      [4n, '4'],
    ] as const) {
      await socket.send(['', u64(sequence), text]);
    }
    await until(() => texts(received.messages).at(-1) === '4', 'the last message');
    expect(texts(received.messages)).toEqual(['1', '2', '3', 'new life', '4']);
    expect(received.subscriber.stats.drops).toEqual({ 'replayed-before': 2 });
  });

  it('is given up when the subscriber closes', async () => {
    const publisher = await publish();
    const received = subscribe(
      { endpoint: publisher.endpoint, replayEndpoint: 'tcp://127.0.0.1:1' },
      { replay: { idleTimeoutMs: 60_000 } },
    );
    const replay = expect(received.subscriber.replay(0)).rejects.toMatchObject({ reason: 'aborted' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await received.subscriber.close();
    await replay;
  });

  it('is not disturbed by requests that are none', async () => {
    const publisher = await publish();
    publisher.publish(Buffer.from('x'));
    const { Dealer } = await import('zeromq');
    const dealer = new Dealer({ linger: 0 });
    closeLater(dealer);
    dealer.connect(publisher.replayEndpoint as string);
    for (const frames of [['x'], ['', Buffer.alloc(3)], ['a', u64(0n)], ['', u64(2n ** 64n - 1n)]]) {
      await dealer.send(frames);
    }
    await until(() => publisher.replayStats.refused === 4, 'four refusals');
    await expect(subscribe(publisher).subscriber.replay(0)).resolves.toMatchObject({ messages: 1 });
    expect(publisher.replayStats.served).toBe(1);
  });
});
