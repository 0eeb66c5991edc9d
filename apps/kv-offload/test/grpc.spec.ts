import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { kvoffloadV1 } from '@penstock/contracts';
import {
  createGrpcClient,
  type GrpcClient,
  loadConfig,
  type RunningService,
  runService,
} from '@penstock/platform';
import { FakeEventBus, until } from '@penstock/testing';
import { KvOffloadController } from '../src/api/kv-offload.controller.js';
import { config } from '../src/config.js';
import type { Leadership } from '../src/leadership.js';
import { OffloadModule, providePorts } from '../src/offload.module.js';
import { type FakeKvNode, pathOf } from './fake-kv-node.js';
import { hashOf, keysOf, Lab } from './offload-lab.js';

type Methods = {
  Locate: { request: object; response: kvoffloadV1.LocateResponse };
  Stats: { request: object; response: kvoffloadV1.StatsResponse };
  ListChunks: { request: object; response: kvoffloadV1.ListChunksResponse };
  Verify: { request: object; response: kvoffloadV1.VerifyResponse };
};

const POOL = { poolNamespace: 'ns', pool: 'pool' };
const bytes = (keys: BigUint64Array) => Buffer.from(keys.buffer);

describe('penstock.kvoffload.v1', () => {
  const lab = new Lab();
  const services: RunningService[] = [];
  const clients: GrpcClient<Methods>[] = [];
  let a: FakeKvNode;

  async function start(): Promise<GrpcClient<Methods>> {
    const { cluster, clock, broker, store } = lab;
    const connect = () => a.connect();
    const flags = [
      ...['--grpc-port=0', '--metrics-port=0', '--log-level=silent', '--plan-interval-ms=10'],
      ...['--kv-nodes=a=127.0.0.1:1', '--s3-bucket=bucket', `--instance=r${services.length}`],
    ];
    const module = OffloadModule.with(
      providePorts(({ service, instance }) => {
        const bus = new FakeEventBus({
          broker,
          source: `${service}/${instance}`,
          nowMs: () => clock.nowMs(),
        });
        return { cluster, clock, bus, store, connect, close: () => bus.close() };
      }),
    );
    const loaded = loadConfig(config, flags, {});
    const service = await runService({ config, module, grpc: { services: ['kvoffload'] } }, loaded as never);
    services.push(service);
    const address = `127.0.0.1:${service.listeners.grpc}`;
    const client = createGrpcClient<Methods>({ proto: 'kvoffload', service: 'KvOffloadService', address });
    clients.push(client);
    return client;
  }

  let client: GrpcClient<Methods>;
  let follower: GrpcClient<Methods>;

  beforeAll(async () => {
    a = lab.addNode('a', 100, 100);
    client = await start();
    await until(async () => (await client.call('Stats', {})).nodes[0]?.state === 'live');
    follower = await start();
    lab.engineWrites(a, 1, 2);
    await until(async () => (await client.call('Stats', {})).tiers[0]?.chunks === '2');
  }, 60_000);
  afterAll(async () => {
    for (const each of clients) each.close();
    for (const service of services) await service.stop();
    await lab.stop();
  });

  async function list(request: object): Promise<kvoffloadV1.Chunk[]> {
    const chunks: kvoffloadV1.Chunk[] = [];
    for await (const part of client.stream('ListChunks', request)) chunks.push(...part.chunks);
    return chunks;
  }

  it('locates blocks, one entry per key in order', async () => {
    const blockKeys = Buffer.concat([bytes(keysOf(99).slice(0, 1)), bytes(keysOf(2))]);
    const { blocks } = await client.call('Locate', { ...POOL, blockKeys });
    expect(blocks.map(({ key }) => Buffer.from(key))).toEqual(
      Array.from({ length: 5 }, (_, i) => blockKeys.subarray(8 * i, 8 * i + 8)),
    );
    expect(blocks[0]?.copies).toEqual([]);
    expect(blocks[4]?.copies).toEqual([
      { tier: 'TIER_CPU', node: 'a', state: 'COPY_STATE_VALID', lastUsedMs: String(lab.clock.nowMs()) },
    ]);
    const elsewhere = await client.call('Locate', { ...POOL, pool: 'other', blockKeys: bytes(keysOf(2)) });
    expect(elsewhere.blocks.every(({ copies }) => copies.length === 0)).toBe(true);
  });

  it('tells how its tiers, nodes and moves stand', async () => {
    const stats = await client.call('Stats', {});
    expect(stats).toEqual({
      leader: true,
      s3Listed: true,
      tiers: [
        { tier: 'TIER_CPU', node: 'a', usedBytes: '20', capacityBytes: '100', chunks: '2', blocks: '8' },
        { tier: 'TIER_SSD', node: 'a', usedBytes: '0', capacityBytes: '100', chunks: '0', blocks: '0' },
        { tier: 'TIER_S3', node: '', usedBytes: '0', capacityBytes: '0', chunks: '0', blocks: '0' },
      ],
      nodes: [{ node: 'a', address: '127.0.0.1:1', state: 'live', problem: '' }],
      moves: [{ from: 'TIER_UNSPECIFIED', to: 'TIER_CPU', chunks: '2', bytes: '20', failed: '0' }],
    });
  });

  it('lists chunks, all or of a place', async () => {
    const all = await list({});
    expect(all.map(({ path }) => path).sort()).toEqual([pathOf(hashOf(1)), pathOf(hashOf(2))]);
    expect(all[0]).toMatchObject({ ...POOL, sizeBytes: '10', uses: 0 });
    expect(await list({ tier: 'TIER_SSD' })).toEqual([]);
    expect(await list({ node: 'b' })).toEqual([]);
    expect(await list({ tier: 'TIER_CPU', node: 'a' })).toHaveLength(2);
  });

  it('verifies copies where they are, and names what is damaged', async () => {
    expect(await client.call('Verify', { limit: 1 })).toEqual({
      ...{ checked: '1', intact: '1', moved: '0', problems: [] },
    });
    const held = a.tiers.cpu.get(pathOf(hashOf(2)));
    const good = held?.bytes ?? Buffer.alloc(0);
    if (held) held.bytes = Buffer.from('0123456789');
    const answer = await client.call('Verify', { tier: 'TIER_CPU' });
    if (held) held.bytes = good;
    expect(answer).toEqual({
      ...{ checked: '2', intact: '1', moved: '0' },
      problems: [{ path: pathOf(hashOf(2)), tier: 'TIER_CPU', node: 'a', problem: 'checksum' }],
    });
  });

  it.each([
    ['Locate', { pool: 'p', blockKeys: bytes(keysOf(1)) }, /poolNamespace: is required/],
    ['Locate', { poolNamespace: 'n', blockKeys: bytes(keysOf(1)) }, /pool: is required/],
    ['Locate', POOL, /blockKeys: is required/],
    ['Locate', { ...POOL, blockKeys: Buffer.alloc(9) }, /blockKeys: must be 8 bytes per key/],
    ['Locate', { ...POOL, blockKeys: Buffer.alloc(8 * 65_537) }, /blockKeys: at most 65536 keys/],
    ['Verify', { tier: 99 }, /tier: is no tier/],
    ['Verify', { node: 'x'.repeat(300) }, /node/],
  ] as const)('refuses a wrong %s', async (method, request, says) => {
    await expect(client.call(method, request)).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringMatching(says),
    });
  });

  it('says of a replica that does not decide that it does not', async () => {
    expect(await follower.call('Stats', {})).toMatchObject({ leader: false, nodes: [], tiers: [] });
    await expect(follower.call('Locate', { ...POOL, blockKeys: bytes(keysOf(1)) })).rejects.toMatchObject({
      code: status.UNAVAILABLE,
      details: expect.stringMatching(/does not decide.*ask the holder of the Lease/),
    });
  });

  it('says in health how it stands, and answers while everything else is away', async () => {
    type Report = { status: string; checks: Array<{ name: string; ok: boolean; detail?: string }> };
    const ready = async (): Promise<Report & { code: number }> => {
      const answer = await fetch(`http://127.0.0.1:${services[0]?.listeners.metrics}/readyz`);
      return { ...((await answer.json()) as Report), code: answer.status };
    };
    expect((await ready()).checks.filter(({ ok }) => !ok)).toEqual([]);
    lab.cluster.disconnect();
    a.down();
    lab.store.disconnect();
    let report = await ready();
    await until(async () => {
      report = await ready();
      return report.checks.filter(({ ok }) => !ok).length === 2;
    });
    expect([report.status, report.code]).toEqual(['degraded', 200]);
    const detail = (name: string) => report.checks.find((check) => check.name === name)?.detail;
    expect(detail('kv-nodes')).toMatch(
      /1 of 1 kv-nodes cannot be asked; a at 127.0.0.1:1 is lost: .*UNAVAILABLE/,
    );
    expect(detail('lease')).toMatch(/deciding, transition 1/);
    const located = await client.call('Locate', { ...POOL, blockKeys: bytes(keysOf(1)) });
    expect(located.blocks[0]?.copies).toHaveLength(1);
    const answer = await client.call('Verify', {});
    expect(answer.problems.map(({ problem }) => problem)).toEqual(['unreadable', 'unreadable']);
    const metrics = await (await fetch(`http://127.0.0.1:${services[0]?.listeners.metrics}/metrics`)).text();
    expect(metrics).toMatch(/penstock_kv_offload_leading\{?.*\}? 1/);
    expect(metrics).toMatch(/penstock_kv_offload_used_bytes\{.*tier="cpu".*\} 20/);
  });
});

describe('Verify', () => {
  it('gives no verdict when the replica stops deciding meanwhile', async () => {
    const leadership: { term: unknown } = { term: undefined };
    const verify = async () => {
      leadership.term = undefined;
      return { checked: 1, intact: 0, moved: 0, problems: [] };
    };
    leadership.term = { verifier: { verify } };
    const controller = new KvOffloadController(leadership as Leadership);
    await expect(controller.verify({})).rejects.toThrow(/stopped deciding meanwhile/);
  });
});
