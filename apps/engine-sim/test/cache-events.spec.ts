import { afterEach, describe, expect, it } from '@jest/globals';
import { EngineCache } from '@penstock/core/kv';
import {
  BlockHasher,
  decodeEngineBatch,
  hashLow64,
  KvEventListener,
  type KvEventMessage,
  KvEventSubscriber,
  requestReplay,
} from '@penstock/engine';
import { until } from '@penstock/testing';
import { Subscriber } from 'zeromq';
import { send, startTestEngine, type TestEngine } from './engine.js';

let engine: TestEngine;
afterEach(async () => {
  await engine.stop(0);
  expect(engine.errors).toEqual([]);
});

const KV_EVENTS = JSON.stringify({
  enable_kv_cache_events: true,
  endpoint: 'tcp://*:0',
  replay_endpoint: 'tcp://*:0',
  topic: 'kv@test',
});
const start = (...args: string[]) =>
  startTestEngine('--kv-events-config', KV_EVENTS, '--sim-speed', '500', '--host', '127.0.0.1', ...args);

interface Dump {
  lastSequence: number | null;
  stepInFlight: boolean;
  blocks: Array<{ hash: string; parent: string | null }>;
}
const dump = async (): Promise<Dump> => JSON.parse((await send(`${engine.url}/debug/cache`)).text) as Dump;
const low64 = (hex: string) => BigInt(`0x${hex.slice(-16)}`);

/** The cache that the events tell of: copies and parent by hash. Checks tokens against the hashes on the way. */
async function replayed(checkTokens: boolean) {
  const hasher = new BlockHasher({ blockSize: 16 });
  const full = new Map<bigint, Buffer>();
  const blocks = new Map<bigint, { copies: number; parent: bigint | null }>();
  let expected = 0;
  let cleared = 0;
  for await (const { sequence, payload, topic } of requestReplay(engine.kvReplay!, 0)) {
    expect(sequence).toBe(expected++);
    expect(topic).toBe('kv@test');
    const { batch, problems } = decodeEngineBatch(sequence, payload);
    expect(Object.keys(problems)).toEqual([]);
    expect(batch?.rank).toBe(0);
    for (const event of batch!.events) {
      if (event.type === 'cleared') {
        blocks.clear();
        cleared++;
      } else if (event.type === 'removed') {
        for (const hash of event.hashes) {
          const block = blocks.get(hash)!;
          if (--block.copies === 0) blocks.delete(hash);
        }
      } else {
        expect(event).toMatchObject({ blockSize: 16, tier: 'gpu', groupIdx: 0, specKind: 'full_attention' });
        expect(event.tokenIds.length).toBe(event.hashes.length * 16);
        let parent = event.parent;
        event.hashes.forEach((hash, i) => {
          if (checkTokens) {
            const digest = hasher.hashBlock(
              parent === null ? null : full.get(parent)!,
              Uint32Array.from(event.tokenIds),
              i * 16,
            );
            expect(hashLow64(digest)).toBe(hash);
            full.set(hash, digest);
          }
          const known = blocks.get(hash);
          if (known) known.copies++;
          else blocks.set(hash, { copies: 1, parent });
          parent = hash;
        });
      }
    }
  }
  return { blocks, cleared, lastSequence: expected === 0 ? null : expected - 1 };
}

async function expectDumpEqualsEvents(checkTokens = true): Promise<number> {
  const { blocks, lastSequence } = await replayed(checkTokens);
  const dumped = await dump();
  expect(dumped.stepInFlight).toBe(false);
  expect(dumped.lastSequence).toBe(lastSequence);
  const byHash = (a: bigint[], b: bigint[]) => (a[0]! < b[0]! ? -1 : 1);
  const fromDump = dumped.blocks.map(({ hash, parent }) => [
    low64(hash),
    parent === null ? -1n : low64(parent),
  ]);
  const fromEvents = [...blocks].map(([hash, { parent }]) => [hash, parent ?? -1n]);
  expect(fromDump.sort(byHash)).toEqual(fromEvents.sort(byHash));
  return fromDump.length;
}

/**
 * Requests that share prefixes, `concurrency` at a time, with answers long enough to fill blocks; every
 * `abortEach`-th client hangs up.
 */
async function load(
  requests: number,
  concurrency: number,
  abortEach = Number.POSITIVE_INFINITY,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < requests) {
      const i = next++;
      const prompt = Array.from({ length: 40 + ((i * 37) % 200) }, (_, at) =>
        at < 96 ? (at * 13 + (i % 5)) % 6_000 : (at * 17 + i) % 6_000,
      );
      const body = { prompt, max_tokens: 1 + ((i * 11) % 80), ignore_eos: true };
      if (i % abortEach === 0) {
        await fetch(`${engine.url}/v1/completions`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
          signal: AbortSignal.timeout(5 + (i % 20)),
        })
          .then(
            (answer) => answer.text(),
            () => undefined,
          )
          .catch(() => undefined);
      } else {
        expect((await send(`${engine.url}/v1/completions`, body)).status).toBe(200);
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

/** Follows the events as kv-index does; distinct blocks it believes to be cached. */
async function followed(): Promise<Set<bigint>> {
  const cache = new EngineCache({ engineId: 'engine', model: 'm' }, 1);
  cache.start();
  for await (const { sequence, payload } of requestReplay(engine.kvReplay!, 0)) {
    cache.replayed(decodeEngineBatch(sequence, payload).batch!, 2);
  }
  expect(cache.replayEnded(true, 3)).toBeUndefined();
  expect(cache.orphanBlocks).toBe(0);
  const hashes = cache.takeDelta()!.stored.changes.flatMap(({ engineHashes }) => [...engineHashes]);
  return new Set(hashes);
}

describe('cache events', () => {
  it.each(['map', 'array'])('in %s layout tell exactly what the cache holds', async (format) => {
    engine = await start('--sim-event-format', format);
    await load(60, 8);
    expect(await expectDumpEqualsEvents()).toBeGreaterThan(200);
  });

  it('also when blocks are evicted, requests preempted and clients gone all the time', async () => {
    engine = await start(
      '--num-gpu-blocks-override',
      '64',
      '--max-model-len',
      '512',
      '--max-num-batched-tokens',
      '256',
      '--sim-speed',
      '40',
    );
    await load(200, 20, 4);
    expect(await expectDumpEqualsEvents(false)).toBeLessThanOrEqual(64);
    expect(await followed()).toEqual(new Set((await dump()).blocks.map(({ hash }) => low64(hash))));
    const { text } = await send(`${engine.url}/metrics`);
    expect(Number(/^vllm:num_preemptions_total\{.*\} (\d+)/m.exec(text)?.[1])).toBeGreaterThan(0);
  });

  it('reach a subscriber as they happen, with the whole digest on the wire', async () => {
    engine = await start();
    const subscriber = new Subscriber({ linger: 0, receiveTimeout: 5_000 });
    subscriber.connect(engine.kvEvents!);
    subscriber.subscribe('kv@');
    await new Promise((resolve) => setTimeout(resolve, 200));
    await send(`${engine.url}/v1/completions`, { prompt: Array(20).fill(5), max_tokens: 1 });
    const frames = await subscriber.receive();
    subscriber.close();
    const expected = new BlockHasher({ blockSize: 16 }).hashPrompt(Array(20).fill(5));
    expect(frames.map((frame) => frame.length)).toEqual([7, 8, expect.any(Number)]);
    expect(frames[0]!.toString()).toBe('kv@test');
    expect(frames[1]).toEqual(Buffer.alloc(8));
    expect(frames[2]!.includes(expected[0]!)).toBe(true);
    expect((await dump()).blocks).toEqual([{ hash: expected[0]!.toString('hex'), parent: null }]);
  });

  it('reach an index that the engine dials, as vLLM does where the endpoint names a host', async () => {
    const listener = await KvEventListener.bind({ host: '127.0.0.1', port: 0 });
    const messages: KvEventMessage[] = [];
    let connected = false;
    const subscriber = new KvEventSubscriber({
      endpoint: 'tcp://127.0.0.1:1',
      dialIn: { listener, address: '127.0.0.1', port: 8000, rank: 0 },
      onMessage: (message) => messages.push(message),
      onConnection: (is) => {
        connected = is;
      },
    });
    const endpoint = `tcp://127.0.0.1:${listener.ports[0]}`;
    engine = await startTestEngine(
      '--kv-events-config',
      JSON.stringify({ ...JSON.parse(KV_EVENTS), endpoint }),
    );
    expect(engine.kvEvents).toBeNull();
    await until(() => connected, 10_000);
    const hashes: bigint[] = [];
    // A first one may be published before the subscription has reached the engine.
    await until(async () => {
      const prompt = Array(20).fill(hashes.length);
      hashes.push(hashLow64(new BlockHasher({ blockSize: 16 }).hashPrompt(prompt)[0]!));
      await send(`${engine.url}/v1/completions`, { prompt, max_tokens: 1 });
      return messages.length > 0;
    }, 20_000);
    const [message] = messages as [KvEventMessage];
    expect(decodeEngineBatch(message.sequence, message.payload).batch?.events).toMatchObject([
      { type: 'stored', hashes: [hashes[message.sequence]] },
    ]);
    await subscriber.close();
    await listener.close();
  });

  it('say when the cache is emptied', async () => {
    engine = await start();
    await load(5, 1);
    expect((await send(`${engine.url}/reset_prefix_cache`, {})).status).toBe(200);
    expect((await replayed(true)).cleared).toBe(1);
    expect((await dump()).blocks).toEqual([]);
  });

  it('are not there unless asked for', async () => {
    engine = await startTestEngine('--sim-speed', '500');
    expect(engine).toMatchObject({ kvEvents: null, kvReplay: null });
    await load(3, 1);
    expect((await dump()).lastSequence).toBeNull();
    expect((await dump()).blocks.length).toBeGreaterThan(0);
  });
});
