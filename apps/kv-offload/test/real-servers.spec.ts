import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { packU64 } from '@penstock/contracts';
import { NatsEventBus } from '@penstock/messaging';
import { createLogger, createRegistry, loadConfig, systemClock } from '@penstock/platform';
import { S3ObjectStore } from '@penstock/store';
import {
  FakeCluster,
  type ManagedServer,
  S3_SERVER_CREDENTIALS,
  startNats,
  startS3,
  until,
} from '@penstock/testing';
import { connectGrpcKvNode } from '../src/adapters/grpc-kv-node.js';
import { assembleOffload, type OffloadParts } from '../src/assemble-offload.js';
import { config, type KvOffloadConfig } from '../src/config.js';
import { FakeKvNode, pathOf } from './fake-kv-node.js';
import { hashOf, keysOf } from './offload-lab.js';
import { type ServedKvNode, serveKvNode } from './serve-kv-node.js';

const POOL = { namespace: 'ns', pool: 'pool' };
const PATIENCE_MS = 60_000;

describe('kv-offload on real NATS, S3 and gRPC', () => {
  let nats: ManagedServer;
  let s3: ManagedServer;
  let folder: string;
  let store: S3ObjectStore;
  let bus: NatsEventBus;
  let node: FakeKvNode;
  let served: ServedKvNode;
  const cluster = new FakeCluster();
  const running: OffloadParts[] = [];

  beforeAll(async () => {
    [nats, s3, folder] = await Promise.all([startNats(), startS3(), mkdtemp(join(tmpdir(), 'kv-offload-'))]);
    store = connectS3();
    bus = NatsEventBus.connect({ servers: [nats.url], source: 'kv-index/test' });
    node = new FakeKvNode('a', { cpu: 200, ssd: 100 }, store, Date.now);
    served = await serveKvNode(node);
  }, 120_000);
  afterAll(async () => {
    for (const parts of running) {
      await parts.run.stop();
      await parts.close();
    }
    served?.stop();
    await bus?.close();
    await store?.close();
    await Promise.all([nats?.stop(), s3?.stop(), rm(folder, { recursive: true, force: true })]);
  }, 60_000);

  function connectS3(): S3ObjectStore {
    const accessKeyIdFile = join(folder, 'id');
    const secretAccessKeyFile = join(folder, 'secret');
    writeFileSync(accessKeyIdFile, S3_SERVER_CREDENTIALS.accessKeyId);
    writeFileSync(secretAccessKeyFile, S3_SERVER_CREDENTIALS.secretAccessKey);
    const credentials = { accessKeyIdFile, secretAccessKeyFile };
    return S3ObjectStore.connect({ bucket: 'penstock', endpoint: s3.url, prefix: 'kv', credentials });
  }

  function start(): OffloadParts {
    const instance = `r${running.length}`;
    const flags = [
      ...[`--kv-nodes=a=127.0.0.1:${served.port}`, '--s3-bucket=penstock', '--plan-interval-ms=50'],
      ...['--s3-admission-uses=0', '--snapshot-interval-ms=200', '--snapshot-max-interval-ms=1000'],
    ];
    const loaded = loadConfig(config, flags, {}).config as KvOffloadConfig;
    const service = 'kv-offload';
    const ownBus = NatsEventBus.connect({ servers: [nats.url], source: `${service}/${instance}` });
    const ownStore = connectS3();
    const close = async () => void (await Promise.all([ownBus.close(), ownStore.close()]));
    const connect = (address: string) => connectGrpcKvNode(address, { moveMs: 5_000 });
    const parts = assembleOffload(
      { cluster, bus: ownBus, clock: systemClock, connect, store: ownStore, close },
      {
        ...{ config: loaded, instance, service, registry: createRegistry(service, instance) },
        logger: createLogger({ service, instance, level: 'silent' }),
      },
    );
    parts.run.start();
    running.push(parts);
    return parts;
  }

  function engineWrites(...chunks: number[]): void {
    for (const chunk of chunks) node.write(hashOf(chunk), Buffer.alloc(10, `${chunk}`));
    const files = chunks.map((chunk) => ({ hash: hashOf(chunk), keys: packU64(keysOf(chunk)) }));
    const data = { engine: 'ns/engine', node: 'a', files };
    bus.publish({ type: 'tier.stored', ...POOL, key: data.engine, data });
  }

  it('adopts, demotes down to S3, and brings back what a request will need', async () => {
    const parts = start();
    await until(() => parts.leadership.term?.fleet.get('a')?.state === 'live', PATIENCE_MS);
    for (let chunk = 0; chunk < 35; chunk++) {
      engineWrites(chunk);
      await until(() => node.tiers.cpu.size <= 18 && node.tiers.ssd.size <= 9, PATIENCE_MS);
    }
    const term = parts.leadership.term;
    await until(async () => (await store.head(pathOf(hashOf(0)))) !== undefined, PATIENCE_MS);
    await until(() => term?.runner.inFlight === 0, PATIENCE_MS);
    const all = { tier: undefined, node: undefined, limit: 0 };
    expect(await term?.verifier.verify(all)).toMatchObject({ problems: [], moved: 0 });
    expect(await store.head(pathOf(hashOf(0)))).toMatchObject({ metadata: { 'penstock-scope': 'ns/pool' } });
    const loads = [{ tier: 's3', keys: packU64(keysOf(0)) }];
    const data = {
      ...{ requestId: 'r', model: 'm', targetModel: 'm', policy: 'p', endpoint: '127.0.0.1:8000' },
      ...{
        engine: 'ns/engine',
        node: 'a',
        promptTokens: 1,
        matchedTokens: 0,
        loads,
        decidedAtMs: Date.now(),
      },
      ...{ metricsAgeMs: 0, kvAgeMs: 0, scheduler: 's', reason: 'r', excluded: {}, leading: [] },
    };
    await until(async () => {
      bus.publish({ type: 'routing.decided', ...POOL, key: 'r', data });
      return node.tiers.cpu.has(pathOf(hashOf(0)));
    }, PATIENCE_MS);
  }, 180_000);

  it('goes on after NATS lost everything, S3 and the node were away, and another replica leads', async () => {
    const [first] = running as [OffloadParts];
    await nats.restart({ wipe: true });
    const holders = new Set<string>();
    await until(() => bus.status().problem === undefined, PATIENCE_MS);
    const following = await bus.follow<{ engine: string }>(
      { types: ['kv.snapshot'], from: 'last-per-subject' },
      ({ data }) => void holders.add(data.engine),
    );
    await until(() => holders.has('@ns/pool/node/a') && holders.has('@ns/pool/s3'), PATIENCE_MS);
    served.stop();
    await until(() => first.leadership.term?.fleet.get('a')?.state === 'lost', PATIENCE_MS);
    served = await serveKvNode(node, served.port);
    await until(() => first.leadership.term?.fleet.get('a')?.state === 'live', PATIENCE_MS);
    const second = start();
    await first.run.stop();
    await until(() => second.leadership.term?.fleet.get('a')?.state === 'live', PATIENCE_MS);
    await until(() => second.leadership.term?.objects?.listed === true, PATIENCE_MS);
    const term = second.leadership.term;
    expect(term?.ledger.use({ tier: 's3' }).chunks).toBeGreaterThan(0);
    engineWrites(77);
    await until(() => term?.ledger.chunk(pathOf(hashOf(77))) !== undefined, PATIENCE_MS);
    const all = { tier: undefined, node: undefined, limit: 0 };
    expect(await term?.verifier.verify(all)).toMatchObject({ problems: [] });
    await following.stop();
  }, 180_000);
});
