import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from '@jest/globals';
import { encode } from '@msgpack/msgpack';
import { decodeEngineBatch, encodeEngineBatch } from '../src/kv-events/index.js';
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

const STORM = { messages: 15_000, bytes: 16_384, kept: 500 };
interface Endpoints {
  readonly endpoint: string;
  readonly replayEndpoint: string;
}

/** A publisher in a process of its own: it goes on while this one is busy, and drops as vLLM's would. */
function stormPublisher() {
  const script = `
    import { createInterface } from 'node:readline';
    import { Publisher, Router } from 'zeromq';
    const { messages, bytes, kept } = ${JSON.stringify(STORM)};
    const payload = Buffer.alloc(bytes);
    const frame = (n) => { const b = Buffer.alloc(8); b.writeBigUInt64BE(BigInt.asUintN(64, BigInt(n))); return b; };
    const pub = new Publisher({ linger: 0, sendHighWaterMark: 1000 });
    const router = new Router({ linger: 0, sendHighWaterMark: 10 * kept });
    await pub.bind('tcp://127.0.0.1:0');
    await router.bind('tcp://127.0.0.1:0');
    let next = 0;
    const send = () => pub.send(['', frame(next++), payload]);
    const say = (what) => console.log(JSON.stringify(what));
    (async () => {
      for await (const [identity] of router) {
        for (let n = Math.max(0, next - kept); n < next; n++) await router.send([identity, '', '', frame(n), payload]);
        await router.send([identity, '', '', frame(-1), '']);
      }
    })();
    let warming;
    createInterface({ input: process.stdin }).on('line', async (line) => {
      clearInterval(warming);
      if (line === 'warm-up') warming = setInterval(send, 5);
      else for (let n = line === 'storm' ? messages : 1; n > 0; n--) await send();
      if (line === 'storm') say({ last: next - 1 });
    });
    say({ endpoint: pub.lastEndpoint, replayEndpoint: router.lastEndpoint });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  closeLater({ close: () => child.kill('SIGKILL') });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    tell: (what: string) => child.stdin.write(`${what}\n`),
    said: async <T>() => JSON.parse((await lines.next()).value as string) as T,
  };
}

describe('a storm', () => {
  it('waits at the publisher, which then drops; a replay says what cannot be had any more', async () => {
    const publisher = stormPublisher();
    const { endpoint, replayEndpoint } = await publisher.said<Endpoints>();
    const received: number[] = [];
    let [gaps, busyMs, mostBytes] = [0, 1, 0];
    const { subscriber } = subscribe(
      { endpoint, replayEndpoint },
      {
        onMessage: ({ sequence }) => {
          received.push(sequence);
          const until = performance.now() + busyMs;
          while (performance.now() < until);
          mostBytes = Math.max(mostBytes, process.memoryUsage().rss);
        },
        onGap: () => gaps++,
        replay: { idleTimeoutMs: 10_000 },
      },
    );
    publisher.tell('warm-up');
    await until(() => received.length > 0, 'a first message');
    const beforeBytes = process.memoryUsage().rss;
    publisher.tell('storm');
    const { last } = await publisher.said<{ last: number }>();
    busyMs = 0;
    await until(() => received.includes(last) || subscriber.stats.gaps > 0, 'what was not dropped');
    const outcome = await subscriber.replay(0);
    expect(outcome).toEqual({ messages: STORM.kept, first: last - STORM.kept + 1, last, complete: false });
    expect(gaps).toBeGreaterThan(0);
    expect(received.length).toBeLessThan(STORM.messages / 2);
    // All of it would be 240 MB.
    expect(mostBytes - beforeBytes).toBeLessThan(120 * 1024 * 1024);
    publisher.tell('one more');
    await until(() => received.at(-1) === last + 1, 'the next live message');
  });

  it('of replays that all fail leaves the others theirs', async () => {
    const silent = await publish();
    const dead = Array.from({ length: 12 }, () =>
      subscribe({ endpoint: silent.endpoint, replayEndpoint: 'tcp://127.0.0.1:1' }),
    );
    const failures = dead.map(async ({ subscriber }) => {
      await expect(subscriber.replay(0)).rejects.toMatchObject({ reason: 'idle' });
      // It is not asked again at once.
      await expect(subscriber.replay(0)).rejects.toMatchObject({ reason: 'cooling-down' });
    });
    const alive = subscribe(silent);
    silent.publish(Buffer.from('x'));
    await expect(alive.subscriber.replay(0)).resolves.toMatchObject({ messages: 1, complete: true });
    await Promise.all(failures);
    expect(dead[0]?.subscriber.stats).toMatchObject({ replays: 2, replayFailures: 2 });
  });
});
