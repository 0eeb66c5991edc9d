import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type EventData,
  inferencePoolKind,
  packKvDeltas,
  packU64,
  podKind,
  unpackKvDeltas,
  unpackKvSnapshot,
} from '@penstock/contracts';
import { blockKeys, KvReplica, namespaceSeed, nodeHolder, PrefixIndex } from '@penstock/core/kv';
import { NatsEventBus } from '@penstock/messaging';
import { loadConfig, type RunningService, runService, systemClock } from '@penstock/platform';
import { RedisBlockStore } from '@penstock/store';
import { FakeCluster, type ManagedServer, startNats, startRedis, until } from '@penstock/testing';
import { HttpEngineProbe } from '../src/adapters/http-engine-probe.js';
import { ZmqEngineStreams } from '../src/adapters/zmq-engine-streams.js';
import type { EngineTracker } from '../src/application/track-engines.js';
import { config } from '../src/config.js';
import { IndexModule, providePorts } from '../src/index.module.js';
import { INDEX, TRACKER } from '../src/injection-tokens.js';
import { type EngineOptions, RealEngine, tokensOf } from './real-engine.js';

const ENGINES: Record<string, EngineOptions> = {
  a: { layout: 'array', hashes: 'bytes' },
  b: { layout: 'map', hashes: 'int' },
};

describe('kv-index on real NATS, Redis and ZeroMQ', () => {
  const cluster = new FakeCluster();
  const replica = new KvReplica(new PrefixIndex());
  const engines = new Map<string, RealEngine>();
  let nats: ManagedServer;
  let redis: ManagedServer;
  let service: RunningService;
  let reader: NatsEventBus;
  let redisReader: RedisBlockStore;

  beforeAll(async () => {
    [nats, redis] = await Promise.all([startNats(), startRedis()]);
    for (const [name, options] of Object.entries(ENGINES)) engines.set(name, await RealEngine.start(options));
    await declare();
    service = await start();
    redisReader = RedisBlockStore.connect({ urls: [redis.url] });
    reader = NatsEventBus.connect({ servers: [nats.url], source: 'test/0' });
    const types = ['kv.delta', 'kv.snapshot'];
    await reader.follow(
      { types, from: 'last-per-subject', onGap: () => replica.lostTrack() },
      ({ type, data }) => {
        if (type === 'kv.delta') {
          for (const delta of unpackKvDeltas(data as EventData<'kv.delta'>)) replica.applyDelta(delta, 0);
        } else {
          replica.applySnapshot(unpackKvSnapshot(data as EventData<'kv.snapshot'>), 0);
        }
      },
    );
  }, 60_000);

  afterAll(async () => {
    await service?.stop();
    await reader?.close();
    await redisReader?.close();
    for (const engine of engines.values()) await engine.stop();
    await nats?.stop();
    await redis?.stop();
  }, 30_000);

  /** One pool per engine: its HTTP port is the pool's. */
  async function declare(): Promise<void> {
    for (const [name, engine] of engines) {
      const spec = {
        selector: { matchLabels: { app: name } },
        targetPorts: [{ number: engine.httpPort }],
        endpointPickerRef: { name: 'epp', port: { number: 9002 } },
      };
      await cluster.create(
        inferencePoolKind as never,
        {
          apiVersion: 'inference.networking.k8s.io/v1',
          kind: 'InferencePool',
          metadata: { namespace: 'real', name: `pool-${name}` },
          spec,
        } as never,
      );
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { namespace: 'real', name, labels: { app: name } },
        spec: {
          nodeName: `node-${name}`,
          containers: [
            {
              name: 'engine',
              ports: [
                { containerPort: engine.httpPort },
                { name: 'kv-events', containerPort: engine.eventsPort },
                { name: 'kv-replay', containerPort: engine.replayPort },
              ],
            },
          ],
        },
        status: { phase: 'Running', podIP: '127.0.0.1', conditions: [{ type: 'Ready', status: 'True' }] },
      };
      await cluster.create(podKind as never, pod as never);
    }
  }

  function start(): Promise<RunningService> {
    const flags = [
      '--grpc-port=0',
      '--metrics-port=0',
      '--log-level=silent',
      '--delta-interval-ms=20',
      '--store-interval-ms=100',
      '--snapshot-interval-ms=200',
      '--storage-events=forward',
    ];
    const loaded = loadConfig(config, flags, {});
    const ports = providePorts(({ logger }) => {
      const bus = NatsEventBus.connect({ servers: [nats.url], source: 'kv-index/test' });
      const store = RedisBlockStore.connect({ urls: [redis.url] });
      return {
        cluster,
        bus,
        store,
        clock: systemClock,
        streams: new ZmqEngineStreams('', logger),
        probe: new HttpEngineProbe(),
        close: async () => void (await Promise.all([bus.close(), store.close()])),
      };
    });
    return runService(
      { config, module: IndexModule.with(ports), grpc: { services: ['kvindex'] } },
      loaded as never,
    );
  }

  /** The service's ledger, its index and a reader of its events all equal the engines. */
  async function converged(): Promise<void> {
    const tracker = service.get<EngineTracker>(TRACKER);
    for (const [name, engine] of engines) {
      const engineId = `real/${name}`;
      await until(
        () =>
          tracker.get(engineId)?.state === 'live' &&
          tracker.get(engineId)?.cache?.publishedEngineSequence === engine.lastSequence,
        20_000,
      );
      const published = () => tracker.get(engineId)?.cache?.publishedBlocks()[0];
      await until(
        () => String([...(published()?.engineHashes ?? [])].sort()) === String(engine.hashes()),
        5_000,
      );
      const keys = String([...(published()?.keys ?? [])].sort());
      await until(() => String([...replica.index.keysOf(engineId, 'gpu')].sort()) === keys, 20_000);
    }
  }

  const traffic = () => {
    for (const engine of engines.values()) {
      for (const prompt of ['abcd', 'abce', 'abf', 'xyz']) engine.store(prompt);
      engine.evict('abce');
      engine.evict('xyz');
    }
  };

  async function storedBlocks(name: string): Promise<number> {
    const stored = await redisReader.load('real', `pool-${name}`, `real/${name}`).catch(() => undefined);
    return stored?.blocks[0]?.keys.length ?? 0;
  }

  it('follows engines of both encodings and keeps them in Redis', async () => {
    traffic();
    await converged();
    await until(async () => (await storedBlocks('a')) === 7 && (await storedBlocks('b')) === 7);
  });

  it('converges again after an engine restarted', async () => {
    await engines.get('a')?.restart();
    engines.get('a')?.store('qr');
    await converged();
  });

  it('converges again after NATS lost everything', async () => {
    await nats.kill();
    engines.get('b')?.store('during');
    await nats.restart({ wipe: true });
    await converged();
  });

  it('fills Redis again after it lost everything', async () => {
    await redis.kill();
    engines.get('b')?.store('redis');
    await redis.restart({ wipe: true });
    await until(async () => (await storedBlocks('b')) === engines.get('b')?.held.size, 20_000);
    await converged();
  });

  it('starts warm in a new process', async () => {
    const before = await storedBlocks('b');
    await service.stop();
    engines.get('b')?.evict('redis');
    service = await start();
    await converged();
    const cache = service.get<EngineTracker>(TRACKER).get('real/b')?.cache;
    expect(before).toBeGreaterThan(10);
    expect(cache?.counters.batches).toBe(1);
  });

  it('tells files on storage with whole names and keys, and follows what is said of storage', async () => {
    const files: EventData<'tier.stored'>[] = [];
    const add = ({ data }: { data: EventData<'tier.stored'> }) => void files.push(data);
    await reader.follow<EventData<'tier.stored'>>({ types: ['tier.stored'], from: 'all' }, add);
    const [a, b] = ['a', 'b'].map((name) => engines.get(name) as RealEngine) as [RealEngine, RealEngine];
    a.store('file');
    b.store('file');
    // Integers do not name a file.
    b.announceFile('file');
    const hash = a.announceFile('file');
    await converged();
    await until(() => files.length > 0, 10_000);
    const keys = blockKeys(namespaceSeed({ model: 'model-r', blockSize: 4 }), tokensOf('file'), 4);
    expect(files).toEqual([{ engine: 'real/a', node: 'node-a', files: [{ hash, keys: packU64(keys) }] }]);

    const holder = nodeHolder('real', 'pool-a', 'node-a');
    const changes = [{ tier: 'cpu' as const, stored: keys, removed: new BigUint64Array(0) }];
    const delta = { engineId: holder, incarnation: 1, sequence: 1, cleared: false, changes };
    const [data] = packKvDeltas('test/0', [delta]);
    reader.publish({ type: 'kv.delta', namespace: 'real', pool: 'pool-a', key: 'test/0', data });
    const index = service.get<PrefixIndex>(INDEX);
    await until(() => index.blocksOf(holder) === keys.length, 10_000);
    const metrics = await (await fetch(`http://127.0.0.1:${service.listeners.metrics}/metrics`)).text();
    expect(metrics).toMatch(/penstock_kv_index_storage_holders\{state="synced"\} 1/);
    expect(metrics).toMatch(/penstock_kv_index_storage_files_total\{outcome="forwarded"\} [1-9]/);
    expect(metrics).toMatch(/events_skipped_total\{reason="file-unnamed"\} [1-9]/);
  });

  it('gives an engine up after bytes it cannot read, and goes on with what comes', async () => {
    const engine = engines.get('a') as RealEngine;
    engine.sendGarbage();
    engine.held.clear();
    engine.store('new');
    await converged();
    const metrics = await (await fetch(`http://127.0.0.1:${service.listeners.metrics}/metrics`)).text();
    expect(metrics).toMatch(/penstock_kv_index_event_problems_total\{reason="not-msgpack"\} [1-9]/);
  });
});
