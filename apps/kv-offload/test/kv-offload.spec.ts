import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { EventData } from '@penstock/contracts';
import { packKvDeltas, unpackU64 } from '@penstock/contracts';
import { FakeEventBus, until } from '@penstock/testing';
import { type FakeKvNode, pathOf } from './fake-kv-node.js';
import { hashOf, keysOf, Lab, type Replica } from './offload-lab.js';

const path = (chunk: number) => pathOf(hashOf(chunk));
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const POOL = { namespace: 'ns', pool: 'pool' };
const NODE = '@ns/pool/node/a';
const S3 = '@ns/pool/s3';

let lab: Lab;
let a: FakeKvNode;
let b: FakeKvNode;
let replica: Replica;

beforeEach(() => {
  lab = new Lab();
  a = lab.addNode('a', 100, 100);
  b = lab.addNode('b', 100, 100);
});
afterEach(async () => {
  await lab.stop();
  expect(lab.listener.violations).toEqual([]);
});

async function start(flags: string[] = []): Promise<void> {
  replica = lab.start(flags);
  await replica.untilLive();
}

const has = (node: FakeKvNode, tier: 'cpu' | 'ssd') =>
  [...node.tiers[tier].keys()].map((each) => Number.parseInt(each.slice(-20, -4), 16)).sort((x, y) => x - y);
const announced = (holder: string, tier: 'cpu' | 'ssd' | 's3', chunk: number) =>
  keysOf(chunk).every((key) => lab.listener.holds(holder, tier, key));
const calm = () => until(() => replica.term.runner.inFlight === 0);

async function onS3(...chunks: number[]): Promise<void> {
  await until(async () => {
    const found = await Promise.all(chunks.map((chunk) => lab.store.head(path(chunk))));
    return found.every((head) => head !== undefined);
  });
}

describe('kv-offload', () => {
  it('learns what engines write, and announces it', async () => {
    await start();
    lab.engineWrites(a, 1, 2);
    await until(() => announced(NODE, 'cpu', 1) && announced(NODE, 'cpu', 2));
    expect(announced(NODE, 'ssd', 1)).toBe(false);
    expect(announced('@ns/pool/node/b', 'cpu', 1)).toBe(false);
    const chunk = replica.term.ledger.chunk(path(2));
    expect(chunk).toMatchObject({ scope: 'ns/pool', uses: 0 });
    const [written] = lab.events<EventData<'tier.moved'>>('tier.moved');
    expect(written?.data).toMatchObject({ node: 'a', from: null, to: 'cpu', reason: 'written', bytes: 20 });
  });

  it('moves from CPU to SSD to S3 with the bytes, withdrawing before it removes', async () => {
    await start();
    for (const chunk of range(0, 30)) {
      lab.engineWrites(a, chunk);
      await until(() => announced(NODE, 'cpu', chunk));
      lab.route('a', 'cpu', chunk, chunk);
      lab.route('a', 'cpu', chunk);
      lab.clock.advance(1000);
      await until(() => has(a, 'cpu').length <= 9 && has(a, 'ssd').length <= 9);
    }
    await calm();
    const [cpu, ssd] = [has(a, 'cpu'), has(a, 'ssd')];
    expect(cpu.at(-1)).toBe(29);
    await onS3(...range(0, ssd[0] as number));
    expect(new Set([...cpu, ...ssd, ...range(0, ssd[0] as number)]).size).toBe(30);
    await until(() => announced(S3, 's3', 0) && announced(NODE, 'ssd', ssd[0] as number));
    expect(announced(NODE, 'ssd', 0)).toBe(false);
    const verified = await replica.term.verifier.verify({ tier: undefined, node: undefined, limit: 0 });
    expect(verified).toMatchObject({ checked: 30, intact: 30, moved: 0, problems: [] });
    const ways = lab
      .events<EventData<'tier.moved'>>('tier.moved')
      .map(({ data }) => `${data.from} > ${data.to}: ${data.reason}`);
    expect(new Set(ways)).toEqual(
      new Set([
        'null > cpu: written',
        'cpu > ssd: pressure',
        'cpu > null: pressure',
        'ssd > s3: pressure',
        'ssd > null: pressure',
      ]),
    );
    const pressure = lab.events<EventData<'tier.pressure'>>('tier.pressure');
    expect(pressure[0]?.data).toMatchObject({ node: 'a', tier: 'cpu', capacityBytes: 100 });
  });

  it('removes what was used too seldom for S3', async () => {
    await start();
    for (const chunk of range(0, 30)) {
      lab.engineWrites(a, chunk);
      lab.clock.advance(1000);
      await until(() => has(a, 'cpu').length <= 9 && has(a, 'ssd').length <= 9);
    }
    await calm();
    expect(await lab.store.head(path(0))).toBeUndefined();
    await until(() => replica.term.ledger.chunk(path(0)) === undefined);
    expect(announced(NODE, 'ssd', 0)).toBe(false);
  });

  it('brings from S3 what a request will need, in order and without a hole', async () => {
    await start(['--s3-admission-uses=0', '--promotion-max-chunks=3']);
    for (const chunk of range(0, 30)) {
      lab.engineWrites(a, chunk);
      lab.clock.advance(1000);
      await until(() => has(a, 'cpu').length <= 9 && has(a, 'ssd').length <= 9);
    }
    await onS3(0, 1, 2, 3);
    await calm();
    await until(() => announced(S3, 's3', 3));
    lab.route('b', 's3', 0, 1, 2, 3);
    await until(() => announced('@ns/pool/node/b', 'cpu', 2));
    expect(has(b, 'cpu')).toEqual([0, 1, 2]);
    await calm();
    lab.route('b', 's3', 1, 99, 3);
    lab.route('b', 's3', 0, 3);
    await until(() => announced('@ns/pool/node/b', 'cpu', 3));
    expect(has(b, 'cpu')).toEqual([0, 1, 2, 3]);
    expect(announced(S3, 's3', 3)).toBe(true);
    expect(replica.term.ledger.chunk(path(0))?.uses).toBe(2);
  });

  it('does not bring anything to a node that has no room for it', async () => {
    await start(['--s3-admission-uses=0']);
    for (const chunk of range(0, 30)) {
      lab.engineWrites(a, chunk);
      lab.clock.advance(1000);
      await until(() => has(a, 'cpu').length <= 9 && has(a, 'ssd').length <= 9);
    }
    await onS3(0, 1, 2);
    await until(() => announced(S3, 's3', 2));
    lab.engineWrites(b, ...range(50, 58));
    await until(() => announced('@ns/pool/node/b', 'cpu', 57));
    lab.route('b', 's3', 0, 1, 2);
    await until(() => has(b, 'cpu').includes(0));
    await calm();
    expect(has(b, 'cpu')).toEqual([0, ...range(50, 58)]);
  });

  it('counts blocks that engines store again as uses, but not twice for one request', async () => {
    await start();
    lab.engineWrites(a, 1);
    await until(() => announced(NODE, 'cpu', 1));
    const uses = () => replica.term.ledger.chunk(path(1))?.uses;
    const storesAgain = (sequence: number) => {
      const changes = [{ tier: 'gpu' as const, removed: new BigUint64Array(0), stored: keysOf(1) }];
      const delta = { engineId: 'ns/engine-a', incarnation: 1, sequence, cleared: false, changes };
      const [data] = packKvDeltas('kv-index/0', [delta]);
      lab.bus.publish({ type: 'kv.delta', namespace: 'ns', pool: 'pool', key: 'kv-index/0', data });
    };
    lab.clock.advance(20_000);
    lab.route('a', 'cpu', 1);
    await until(() => uses() === 1);
    storesAgain(1);
    await replica.bus.settle();
    expect(uses()).toBe(1);
    lab.clock.advance(20_000);
    storesAgain(2);
    await until(() => uses() === 2);
  });

  it('goes on without NATS, and tells all once it is back', async () => {
    await start();
    lab.engineWrites(a, ...range(0, 8));
    await until(() => announced(NODE, 'cpu', 7));
    replica.bus.disconnect();
    for (const chunk of [20, 21, 22]) {
      const written = a.write(hashOf(chunk), Buffer.alloc(10, chunk));
      const adopted = await a
        .connect()
        .adopt([{ hash: hashOf(chunk), scope: 'ns/pool', blockKeys: Buffer.from(keysOf(chunk).buffer) }]);
      expect(adopted[0]?.path).toBe(written);
    }
    await until(() => has(a, 'ssd').length >= 3);
    replica.bus.reconnect();
    await until(() => announced(NODE, 'ssd', 7) && !announced(NODE, 'cpu', 7) && announced(NODE, 'cpu', 22));
    // What was removed meanwhile could not be withdrawn before.
    expect(new Set(lab.listener.violations)).toEqual(new Set([7, 6, 5].map((c) => `${path(c)} on cpu`)));
    lab.listener.violations.length = 0;
  });

  it('goes on while Kubernetes is away, gives way when it is back and the Lease is not, and leads again', async () => {
    await start();
    const lease = { namespace: 'default', name: 'penstock-kv-offload', identity: 'x' };
    const other = lab.cluster.lease({ ...lease, onAcquired: () => {}, onLost: () => {} });
    lab.cluster.disconnect();
    lab.cluster.expireLease(lease.namespace, lease.name);
    lab.engineWrites(a, 1);
    await until(() => announced(NODE, 'cpu', 1));
    expect([replica.isLeading, other.held]).toEqual([true, true]);
    lab.cluster.reconnect();
    await until(() => !replica.isLeading);
    a.lose(path(1), 'cpu', 'full');
    lab.engineWrites(a, 2);
    await other.release();
    await until(() => announced(NODE, 'cpu', 2) && !announced(NODE, 'cpu', 1));
  });

  it('gives way to another that leads from beyond a split, which outlives it', async () => {
    await start();
    lab.engineWrites(a, 1);
    await until(() => announced(NODE, 'cpu', 1));
    const other = lab.start();
    lab.cluster.disconnect();
    lab.cluster.expireLease('default', 'penstock-kv-offload');
    await until(() => !replica.isLeading && other.isLeading);
    await other.untilLive();
    lab.engineWrites(b, 2);
    await until(() => announced('@ns/pool/node/b', 'cpu', 2));
    expect(announced(NODE, 'cpu', 1)).toBe(true);
    a.lose(path(1), 'cpu', 'full');
    await until(() => !announced(NODE, 'cpu', 1));
  });
});

describe('what engines hold', () => {
  it('is passed over unread, while what others say of storage is not', async () => {
    const follow = jest.spyOn(FakeEventBus.prototype, 'follow');
    await start();
    const followed = follow.mock.calls.find(([{ types }]) => types.includes('kv.snapshot'));
    follow.mockRestore();
    const keys = ['ns/engine/0', undefined, `${NODE}/0`, `${S3}/3`];
    expect(keys.map((key) => followed?.[0].wantsKey?.(key, 'kv.snapshot'))).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });
});

describe('a rival that does not give way', () => {
  it('is outlived, but makes no flood', async () => {
    await start();
    lab.engineWrites(a, 1);
    await until(() => announced(NODE, 'cpu', 1));
    let heard = 0;
    const from = 'new';
    const rival = await lab.bus.follow<EventData<'kv.snapshot'>>(
      { types: ['kv.snapshot'], from },
      ({ data, key = '' }) => {
        heard++;
        const answer = { ...data, incarnation: data.incarnation + 1, tiers: [] };
        if (data.tiers.length > 0) lab.bus.publish({ type: 'kv.snapshot', ...POOL, key, data: answer });
      },
    );
    const data = {
      engine: NODE,
      incarnation: lab.clock.nowMs() + 1,
      sequence: 1,
      part: 0,
      parts: 1,
      tiers: [],
    };
    lab.bus.publish({ type: 'kv.snapshot', ...POOL, key: `${NODE}/0`, data });
    await until(() => heard >= 2);
    for (let i = 0; i < 20; i++) await lab.bus.settle();
    expect(heard).toBeLessThan(10);
    await rival.stop();
    lab.clock.advance(30_000);
    lab.engineWrites(a, 2);
    await until(() => announced(NODE, 'cpu', 2) && announced(NODE, 'cpu', 1));
  });
});

describe('the keys of tier.moved', () => {
  it('are those of the chunks', async () => {
    await start();
    lab.engineWrites(a, 3);
    await until(() => lab.events('tier.moved').length > 0);
    const [moved] = lab.events<EventData<'tier.moved'>>('tier.moved');
    expect(unpackU64(moved?.data.keys as string)).toEqual(keysOf(3));
  });
});
