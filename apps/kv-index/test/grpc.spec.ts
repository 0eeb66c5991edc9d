import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { kvindexV1 } from '@penstock/contracts';
import { blockKeys, namespaceSeed } from '@penstock/core/kv';
import {
  createGrpcClient,
  type GrpcClient,
  loadConfig,
  type RunningService,
  runService,
} from '@penstock/platform';
import { FakeEventBus, until } from '@penstock/testing';
import { config } from '../src/config.js';
import { IndexModule, providePorts } from '../src/index.module.js';
import { World } from './index-harness.js';
import { tokensOf } from './simulated-engine.js';

type Methods = {
  ScoreEndpoints: { request: object; response: kvindexV1.ScoreEndpointsResponse };
  Lookup: { request: object; response: kvindexV1.LookupResponse };
  ListEngines: { request: object; response: kvindexV1.ListEnginesResponse };
  ListEngineBlocks: { request: object; response: kvindexV1.ListEngineBlocksResponse };
};

const namespace = { model: 'm' };

describe('penstock.kvindex.v1', () => {
  const world = new World();
  const bus = new FakeEventBus({ broker: world.broker });
  let service: RunningService;
  let client: GrpcClient<Methods>;

  beforeAll(async () => {
    await world.start();
    const a = await world.addEngine('a', '10.0.0.1');
    const b = await world.addEngine('b', '10.0.0.2');
    a.store('123');
    a.store('14');
    b.store('12');
    const { cluster, store, engines, clock } = world;
    const ports = { cluster, store, clock, bus, streams: engines, probe: engines, close: () => bus.close() };
    const loaded = loadConfig(
      config,
      ['--grpc-port=0', '--metrics-port=0', '--log-level=silent', '--delta-interval-ms=5'],
      {},
    );
    const module = IndexModule.with(providePorts(() => ports));
    service = await runService({ config, module, grpc: { services: ['kvindex'] } }, loaded as never);
    client = createGrpcClient<Methods>({
      proto: 'kvindex',
      service: 'KvIndexService',
      address: `127.0.0.1:${service.listeners.grpc}`,
    });
    await until(async () => {
      // On a busy machine the first answer may come too late.
      const { engines: followed } = await client.call('ListEngines', {}).catch(() => ({ engines: [] }));
      return followed.length === 2 && followed.every((e) => e.state === 'live' && e.blocks > 0);
    });
  });
  afterAll(async () => {
    client.close();
    await service.stop();
    await world.stop();
  });

  it('scores every engine of the model by the prefix it holds', async () => {
    const answer = await client.call('ScoreEndpoints', {
      prompt: { namespace, tokenIds: [...tokensOf('1235'), 9] },
    });
    expect(answer).toEqual({
      endpoints: [
        {
          engineId: 'ns/a',
          address: '10.0.0.1:8000',
          matchedTokens: 6,
          byTier: [{ tier: 'TIER_GPU', tokens: 6 }],
          rank: 0,
          byRank: [],
          blockSize: 2,
        },
        {
          engineId: 'ns/b',
          address: '10.0.0.2:8000',
          matchedTokens: 4,
          byTier: [{ tier: 'TIER_GPU', tokens: 4 }],
          rank: 0,
          byRank: [],
          blockSize: 2,
        },
      ],
      promptTokens: 9,
      blockSize: 2,
    });
    const other = { prompt: { namespace: { model: 'm', cacheSalt: 's' }, tokenIds: tokensOf('12') } };
    expect((await client.call('ScoreEndpoints', other)).endpoints.map((e) => e.matchedTokens)).toEqual([
      0, 0,
    ]);
    expect(
      (await client.call('ScoreEndpoints', { pool: 'other', prompt: { namespace, tokenIds: [1, 2] } }))
        .endpoints,
    ).toEqual([]);
    const unknown = { prompt: { namespace: { model: 'x' }, tokenIds: [1, 2] } };
    expect((await client.call('ScoreEndpoints', unknown)).endpoints).toEqual([]);
  });

  it('takes keys instead of tokens', async () => {
    const keys = blockKeys(namespaceSeed({ model: 'm', blockSize: 2 }), tokensOf('123'), 2);
    const answer = await client.call('ScoreEndpoints', { prompt: { blockKeys: Buffer.from(keys.buffer) } });
    expect(answer.endpoints.map((e) => e.matchedTokens)).toEqual([6, 4]);
    expect(answer.promptTokens).toBe(6);
    const elsewhere = { prompt: { blockKeys: Buffer.from(keys.buffer), blockSize: 16 } };
    expect((await client.call('ScoreEndpoints', elsewhere)).endpoints.map((e) => e.matchedTokens)).toEqual([
      0, 0,
    ]);
  });

  it('names the holders of each block', async () => {
    const { blocks, blockSize } = await client.call('Lookup', {
      prompt: { namespace, tokenIds: tokensOf('1239') },
    });
    expect(blockSize).toBe(2);
    expect(blocks.map((b) => b.holders.map((h) => h.engineId))).toEqual([
      ['ns/a', 'ns/b'],
      ['ns/a', 'ns/b'],
      ['ns/a'],
      [],
    ]);
    expect(blocks.every((b) => b.key.length === 8)).toBe(true);
  });

  it('lists engines and every block of one', async () => {
    const { engines } = await client.call('ListEngines', { poolNamespace: 'ns', pool: 'pool' });
    expect(engines.map((e) => [e.engineId, e.model, e.blockSize, e.blocks, e.engineSequence])).toEqual([
      ['ns/a', 'm', 2, 4, '1'],
      ['ns/b', 'm', 2, 2, '0'],
    ]);
    const hashes: bigint[] = [];
    for await (const chunk of client.stream('ListEngineBlocks', { engineId: 'ns/a' })) {
      const bytes = Buffer.from(chunk.engineHashes);
      for (let at = 0; at < bytes.length; at += 8) hashes.push(bytes.readBigUInt64LE(at));
      expect(chunk).toMatchObject({
        tier: 'TIER_GPU',
        engineSequence: '1',
        incarnation: engines[0]?.incarnation,
      });
    }
    expect(hashes.sort()).toEqual([0x11n, 0x112n, 0x1123n, 0x114n].sort());
  });

  it.each([
    ['no prompt', {}, 'prompt'],
    ['no model', { prompt: { tokenIds: [1] } }, 'namespace.model'],
    ['tokens and keys', { prompt: { namespace, tokenIds: [1], blockKeys: Buffer.alloc(8) } }, 'not both'],
    ['half a key', { prompt: { blockKeys: Buffer.alloc(12) } }, '8 bytes per key'],
    ['a huge block size', { prompt: { namespace, tokenIds: [1], blockSize: 1_000_000 } }, 'blockSize'],
    ['a long name', { prompt: { namespace: { model: 'x'.repeat(1000) }, tokenIds: [1] } }, 'model'],
  ])('refuses %s, and says what is wrong', async (_what, request, says) => {
    for (const method of ['ScoreEndpoints', 'Lookup'] as const) {
      await expect(client.call(method, request)).rejects.toMatchObject({
        code: status.INVALID_ARGUMENT,
        details: expect.stringContaining(says),
      });
    }
  });

  it('refuses blocks of an engine it does not follow', async () => {
    const drain = async (engineId: string) => {
      for await (const _ of client.stream('ListEngineBlocks', { engineId }));
    };
    await expect(drain('ns/nobody')).rejects.toMatchObject({ code: status.NOT_FOUND });
    await expect(drain('')).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  it('says in health and metrics how it stands, and keeps answering when everything else is gone', async () => {
    const admin = `http://127.0.0.1:${service.listeners.metrics}`;
    await until(async () => (await fetch(`${admin}/readyz`)).status === 200);
    bus.disconnect();
    world.store.disconnect();
    world.cluster.disconnect();
    await new Promise((resolve) => setTimeout(resolve, 600));
    const ready = await fetch(`${admin}/readyz`);
    const report = (await ready.json()) as { status: string; checks: Array<{ name: string; ok: boolean }> };
    expect(ready.status).toBe(200);
    expect(report.status).toBe('degraded');
    expect(
      report.checks
        .filter((check) => !check.ok)
        .map((check) => check.name)
        .sort(),
    ).toEqual(['kubernetes', 'nats', 'redis', 'replicas']);
    const answer = await client.call('ScoreEndpoints', { prompt: { namespace, tokenIds: tokensOf('12') } });
    expect(answer.endpoints.map((e) => e.matchedTokens)).toEqual([4, 4]);
    const metrics = await (await fetch(`${admin}/metrics`)).text();
    expect(metrics).toMatch(/penstock_kv_index_engines\{.*state="live".*\} 2/);
    expect(metrics).toMatch(/penstock_kv_index_blocks_total\{event="stored",outcome="stored"\} 6/);
    expect(metrics).toMatch(/penstock_kv_index_holders 6/);
    expect(metrics).toMatch(/penstock_kv_index_bus_connected 0/);
  });
});
