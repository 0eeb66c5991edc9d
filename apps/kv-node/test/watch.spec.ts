import { connect } from 'node:net';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { kvnodeV1 } from '@penstock/contracts';
import { until } from '@penstock/testing';
import type { KvNodeParts } from '../src/assemble-kv-node.js';
import { PARTS } from '../src/injection-tokens.js';
import { nodeFileSystem } from '../src/tiers/file-system.js';
import { makeChunk, writeNew } from './chunks.js';
import { NodeHarness, TIER_CPU, TIER_S3, TIER_SSD } from './node-harness.js';

/** Follows the inventory in the background. */
class Follower {
  readonly parts: kvnodeV1.WatchInventoryResponse[] = [];
  readonly held = new Map<string, string>();
  readonly reasons: string[] = [];
  private readonly aborter = new AbortController();
  readonly ended: Promise<unknown>;

  constructor(node: NodeHarness) {
    this.ended = this.follow(node).catch((error: unknown) => error);
  }

  get listed(): boolean {
    return this.parts.some((part) => !part.listing);
  }

  stop(): Promise<unknown> {
    this.aborter.abort();
    return this.ended;
  }

  private async follow(node: NodeHarness): Promise<void> {
    const options = { deadlineMs: 60_000, signal: this.aborter.signal };
    for await (const part of node.client.stream('WatchInventory', {}, options)) {
      this.parts.push(part);
      for (const { tier, chunk } of part.stored)
        this.held.set(`${tier} ${chunk?.path}`, chunk?.sizeBytes ?? '');
      for (const { tier, path, reason } of part.removed) {
        this.held.delete(`${tier} ${path}`);
        this.reasons.push(reason);
      }
    }
  }
}

describe('WatchInventory', () => {
  let node: NodeHarness;
  beforeEach(() => {
    node = new NodeHarness();
  });
  afterEach(() => node.end());

  it('lists in parts, then tells every change to every follower', async () => {
    await node.start();
    const chunks = await Promise.all(Array.from({ length: 700 }, () => writeNew(node.cpu, 10)));
    await node.adopt(...chunks);
    const [first, second] = [new Follower(node), new Follower(node)];
    await until(() => first.listed && second.listed);
    expect(first.parts.filter((part) => part.listing).map((part) => part.stored.length)).toEqual([512, 188]);
    expect(first.parts[0]).toMatchObject({
      node: 'node-1',
      cpu: { tier: TIER_CPU, usedBytes: '7000', capacityBytes: '1048576', chunks: '700' },
      ssd: { tier: TIER_SSD, usedBytes: '0', chunks: '0' },
    });
    await node.move(
      ...chunks.map(({ path }, i) => ({
        path,
        from: TIER_CPU,
        to: i % 2 ? TIER_SSD : TIER_S3,
        removeSource: true,
      })),
    );
    for (const follower of [first, second]) {
      await until(() => follower.held.size === 350 && follower.reasons.length === 700);
      expect([...follower.held.keys()].every((key) => key.startsWith(TIER_SSD))).toBe(true);
      expect(new Set(follower.reasons)).toEqual(new Set(['moved']));
      await follower.stop();
    }
    await until(async () => /penstock_kv_node_watchers(\{.*\})? 0/.test(await node.metrics()));
  }, 60_000);

  it('ends a follower that stays too far behind, which comes again', async () => {
    // Large enough that nothing on this machine makes it look for files: there are none.
    await node.start({ flags: ['--cpu-capacity=1Ti', '--ssd-capacity=1Ti'] });
    const follower = new Follower(node);
    await until(() => follower.listed);
    const { inventory } = node.service.get<KvNodeParts>(PARTS);
    const { path } = makeChunk();
    const records = Array.from({ length: 66_000 }, (_, i) => ({
      ...{ path: `${path}${i}`, tier: 'cpu' as const, sizeBytes: 1, crc32: 0 },
      ...{ scope: '', keys: new Uint8Array(0), lastUsedMs: 0 },
    }));
    inventory.put(...records);
    expect(await follower.ended).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: expect.stringMatching(/more than 65536 changes wait to be sent; follow the inventory anew/),
    });
    expect(await node.list()).toHaveLength(66_000);
    expect(await node.metrics()).toMatch(/watchers_ended_total(\{.*\})? 1/);
  }, 60_000);

  it('ends when kv-node stops, without keeping it from stopping', async () => {
    await node.start();
    const follower = new Follower(node);
    await until(() => follower.listed);
    const startMs = Date.now();
    expect(await node.service.stop()).toBe(true);
    expect(Date.now() - startMs).toBeLessThan(5000);
    await follower.ended;
  });

  it('survives clients that speak something else', async () => {
    await node.start();
    for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '\0\0\0']) {
      const socket = connect(node.service.listeners.grpc ?? 0, '127.0.0.1');
      socket.on('error', () => {});
      socket.end(bytes);
    }
    expect((await node.client.call('Stats', {})).node).toBe('node-1');
  });
});

describe('alone', () => {
  let node: NodeHarness;
  beforeEach(async () => {
    node = new NodeHarness();
    // Says nothing of its use, so that nobody else's files cause scans.
    const fs = { ...nodeFileSystem, statfs: () => Promise.reject(new Error('not supported')) };
    await node.start({ fs, flags: ['--alone-after-ms=1000', '--cpu-capacity=100k', '--ssd-capacity=20k'] });
  });
  afterEach(() => node.end());

  it('looks at its copies only above the high watermark', async () => {
    const { inventory } = node.service.get<KvNodeParts>(PARTS);
    for (let i = 0; i < 9; i++) await node.adopt(await writeNew(node.cpu, 10_000));
    const records = jest.spyOn(inventory, 'records');
    await until(async () => (await node.client.call('Stats', {})).alone, 10_000);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(records).not.toHaveBeenCalled();
    await node.adopt(await writeNew(node.cpu, 10_000));
    await until(
      async () => Number((await node.client.call('Stats', {})).tiers[0]?.usedBytes) <= 80_000,
      20_000,
    );
  }, 60_000);

  it('keeps below its capacities, the oldest go first, S3 is left alone; and says so', async () => {
    const follower = new Follower(node);
    await until(() => follower.listed);
    const chunks = [];
    for (let i = 0; i < 10; i++) {
      const chunk = await writeNew(node.cpu, 10_000);
      await node.adopt(chunk);
      chunks.push(chunk);
    }
    for (let i = 0; i < 15; i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const { alone, tiers } = await node.client.call('Stats', {});
      expect([alone, tiers[0]?.usedBytes]).toEqual([false, '100000']);
    }
    // It asks no more, as one that hangs; the connection stays.
    const { tiers, contact } = node.service.get<KvNodeParts>(PARTS);
    const isRelieved = () => tiers.use().every((tier) => tier.usedBytes <= 0.8 * tier.capacityBytes);
    await until(isRelieved, 20_000);
    expect([contact.alone, contact.watchers]).toEqual([true, 1]);
    expect(tiers.use()[0]?.usedBytes).toBeGreaterThan(0);
    // The newest stay where engines read first.
    const where = await Promise.all(
      chunks.map(async (chunk) =>
        (await node.has(TIER_CPU, chunk)) ? 'cpu' : (await node.has(TIER_SSD, chunk)) ? 'ssd' : 'gone',
      ),
    );
    expect(where.slice(where.indexOf('cpu')).every((tier) => tier === 'cpu')).toBe(true);
    expect(new Set(where)).toEqual(new Set(['cpu', 'ssd', 'gone']));
    for await (const { key } of node.objects.list()) throw new Error(`${key} went to S3`);
    expect(await node.metrics()).toMatch(/penstock_kv_node_alone(\{.*\})? 1/);
    const { status, checks } = await node.ready();
    expect([status, checks.find((check) => check.name === 'kv-offload')]).toMatchObject([
      'degraded',
      { ok: false, detail: 'is silent; capacity is guarded alone, nothing goes to S3' },
    ]);
    await node.adopt();
    expect((await node.client.call('Stats', {})).alone).toBe(false);
    await follower.stop();
  }, 60_000);
});
