import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { encode } from '@msgpack/msgpack';
import { decodeEngineBatch, encodeEngineBatch } from '../src/kv-events/index.js';
import { KvEventPublisher } from '../src/kv-stream/index.js';
import {
  closeAll,
  closeLater,
  publish,
  rawPublisher,
  sequences,
  subscribe,
  u64,
  until,
} from './kv-stream-fixture.js';

afterEach(closeAll);

const sound = encodeEngineBatch({
  timestampMs: 1000,
  rank: 0,
  events: [
    { type: 'stored', hashes: [Buffer.alloc(32, 7)], parent: null, tokenIds: [1, 2], blockSize: 2 },
    { type: 'removed', hashes: [Buffer.alloc(32, 7)] },
  ],
});
const repeated = (bytes: readonly number[], times: number) =>
  Buffer.concat(Array.from({ length: times }, () => Buffer.from(bytes)));
const batchOf = (event: unknown) => Buffer.from(encode([1, [event], 0]));

describe('a poisoned stream', () => {
  it.each([
    ['noise', Buffer.from('c1c1c1c1', 'hex')],
    ['nothing', Buffer.alloc(0)],
    ['half a batch', sound.subarray(0, sound.length / 2)],
    ['a batch and more', Buffer.concat([sound, sound])],
    ['an array that says it is long', Buffer.from('ddffffffff', 'hex')],
    ['a map that says it is long', Buffer.from('dfffffffff', 'hex')],
    ['bytes that say they are long', Buffer.from('c6ffffffff00', 'hex')],
    ['arrays in arrays', repeated([0x91], 1_000_000)],
    ['long arrays in long arrays', repeated([0xdd, 0, 0x0f, 0, 0], 100_000)],
    ['too many elements', Buffer.concat([Buffer.from('dd00300000', 'hex'), Buffer.alloc(0x300000)])],
    ['no batch', Buffer.from(encode({ events: 7 }))],
    ['a removal of text', batchOf(['BlockRemoved', 'everything'])],
    ['a removal of maps', batchOf({ type: 'BlockRemoved', block_hashes: [{ a: 1 }, [[]]] })],
    ['an event in bytes that are none', batchOf(Buffer.from('dfffffffff', 'hex'))],
  ])('says that removals may be lost and goes on: %s', async (_, poison) => {
    const { socket, endpoint } = await rawPublisher();
    const received = subscribe({ endpoint });
    await until(() => {
      void socket.send(['', u64(0n), sound]);
      return received.messages.length > 0;
    }, 'a first message');
    for (const [sequence, payload] of [poison, sound, poison, sound].entries()) {
      await socket.send(['', u64(BigInt(sequence + 1)), payload]);
    }
    await until(() => received.messages.at(-1)?.sequence === 4, 'the last message');
    const decoded = received.messages.slice(-4).map((m) => decodeEngineBatch(m.sequence, m.payload));
    expect(decoded.map(({ removalsLost }) => removalsLost)).toEqual([true, false, true, false]);
    expect(decoded.map(({ batch }) => batch?.events.length ?? 0).filter((n) => n === 2)).toHaveLength(2);
    expect(Object.values(decoded[0]?.problems ?? {}).some((times) => times > 0)).toBe(true);
    expect(received.gaps).toEqual([]);
  });

  it('loses the connection by a message that is too large, and is there again', async () => {
    const { socket, endpoint } = await rawPublisher();
    const received = subscribe({ endpoint }, { maxMessageBytes: 1000 });
    await until(() => {
      void socket.send(['', u64(0n), sound]);
      return received.messages.length > 0;
    }, 'a first message');
    await socket.send(['', u64(1n), Buffer.alloc(2000)]);
    await until(() => {
      void socket.send(['', u64(2n), sound]);
      return received.messages.at(-1)?.sequence === 2;
    }, 'a message after it');
    expect(sequences(received.messages)).not.toContain(1);
    expect(received.connections).toEqual([true, false, true]);
  });
});

describe('a storm', () => {
  it('waits at the publisher, which then drops; a replay says what cannot be had any more', async () => {
    const MESSAGES = 40_000;
    const payload = Buffer.alloc(4096);
    const publisher = await KvEventPublisher.bind({
      endpoint: 'tcp://127.0.0.1:0',
      replayEndpoint: 'tcp://127.0.0.1:0',
      bufferMessages: 2_000,
      sendHighWaterMark: 1_000,
    });
    closeLater(publisher);
    const received: number[] = [];
    let gaps = 0;
    const { subscriber } = subscribe(publisher, {
      onMessage: ({ sequence }) => {
        received.push(sequence);
        const until = performance.now() + 0.1;
        while (performance.now() < until);
      },
      onGap: () => gaps++,
      replay: { idleTimeoutMs: 5_000 },
    });
    await until(() => {
      publisher.publish(payload);
      return received.length > 0;
    }, 'a first message');
    const before = process.memoryUsage().rss;
    let most = before;
    for (let i = 0; i < MESSAGES; i += 500) {
      for (let j = 0; j < 500; j++) publisher.publish(payload);
      most = Math.max(most, process.memoryUsage().rss);
      await setImmediate();
    }
    // All of it would be 160 MB.
    expect(most - before).toBeLessThan(80 * 1024 * 1024);
    const outcome = await subscriber.replay(0);
    const last = publisher.nextSequence - 1;
    expect(outcome).toEqual({ messages: 2_000, first: last - 1_999, last, complete: false });
    expect(gaps).toBeGreaterThan(0);
    publisher.publish(payload);
    await until(() => received.at(-1) === last + 1, 'the next live message');
  });

  it('of replays that all fail leaves the others theirs', async () => {
    const silent = await publish();
    const dead = Array.from({ length: 12 }, () =>
      subscribe({ endpoint: silent.endpoint, replayEndpoint: 'tcp://127.0.0.1:1' }),
    );
    const failures = dead.map(({ subscriber }) =>
      expect(subscriber.replay(0)).rejects.toMatchObject({ reason: 'idle' }),
    );
    const alive = subscribe(silent);
    silent.publish(Buffer.from('x'));
    await expect(alive.subscriber.replay(0)).resolves.toMatchObject({ messages: 1, complete: true });
    await Promise.all(failures);
    // They are not asked again at once.
    await expect(dead[0]?.subscriber.replay(0)).rejects.toMatchObject({ reason: 'cooling-down' });
    expect(dead[0]?.subscriber.stats).toMatchObject({ replays: 2, replayFailures: 2 });
  });
});
