import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ObjectStoreError } from '@penstock/core/ports';
import { FakeObjectStore, until } from '@penstock/testing';
import { type FakeKvNode, pathOf } from './fake-kv-node.js';
import { hashOf, keysOf, Lab, type Replica } from './offload-lab.js';

const path = (chunk: number) => pathOf(hashOf(chunk));
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const NODE = '@ns/pool/node/a';
const CPU = { tier: 'cpu', node: 'a' } as const;
const SSD = { tier: 'ssd', node: 'a' } as const;

let lab: Lab;
let a: FakeKvNode;
let replica: Replica;

beforeEach(() => {
  lab = new Lab();
  a = lab.addNode('a', 100, 100);
});
afterEach(async () => {
  for (const node of lab.nodes.values()) node.isHungOnS3 = false;
  await lab.stop();
  expect(lab.listener.violations).toEqual([]);
});

async function start(flags: string[] = []): Promise<void> {
  replica = lab.start(flags);
  await replica.untilLive();
}

const announced = (holder: string, tier: 'cpu' | 'ssd' | 's3', chunk: number) =>
  keysOf(chunk).every((key) => lab.listener.holds(holder, tier, key));
const copy = (chunk: number, place: typeof CPU | typeof SSD) => replica.term.ledger.copy(path(chunk), place);
const link = () => replica.term.fleet.get('a');

/** Chunks on the CPU tier, all known; chunk `from` is the least recently used. */
async function write(from: number, to: number): Promise<void> {
  for (const chunk of range(from, to)) {
    lab.clock.advance(1000);
    lab.engineWrites(a, chunk);
    await until(() => announced(NODE, 'cpu', chunk) || a.isHung || a.loseAnswers);
  }
}

/** Time goes on until the condition holds. */
async function eventually(condition: () => boolean): Promise<void> {
  await until(() => {
    lab.clock.advance(500);
    return condition();
  }, 20_000);
}

describe('faults', () => {
  it('settles moves whose answers were lost by the next inventory', async () => {
    await start();
    await write(0, 9);
    a.loseAnswers = true;
    lab.engineWrites(a, 9);
    await until(() => a.moves > 0 && link()?.state !== 'live');
    a.loseAnswers = false;
    await eventually(() => a.tiers.cpu.size <= 8 && replica.term.runner.inFlight === 0);
    // Those were copied, as the inventory says, and nothing was lost of the others.
    expect([copy(0, SSD)?.state, copy(1, SSD)?.state]).toEqual(['valid', 'valid']);
    await eventually(() => range(0, 10).every((c) => announced(NODE, 'cpu', c) || announced(NODE, 'ssd', c)));
    const { checked, intact } = await replica.term.verifier.verify({
      ...{ tier: undefined, node: undefined, limit: 0 },
    });
    expect([intact, checked >= 10]).toEqual([checked, true]);
    expect(replica.term.log.all().some(({ failed }) => failed > 0)).toBe(true);
  });

  it('keeps what a lost node held, asks nothing of it, and says why', async () => {
    await start();
    await write(0, 3);
    a.down();
    await until(() => link()?.state === 'lost');
    expect(link()?.problem).toMatch(/UNAVAILABLE/);
    expect(announced(NODE, 'cpu', 2)).toBe(true);
    expect(replica.term.planner.capacities()).toEqual([{ place: { tier: 's3' }, capacityBytes: 0 }]);
    a.up();
    await until(() => link()?.state === 'live');
    expect(announced(NODE, 'cpu', 2)).toBe(true);
  });

  it('withdraws what a restarted node no longer has, and takes in what is new there', async () => {
    await start();
    await write(0, 4);
    const other = lab.addNode('b', 100, 100);
    const moved = other.write(hashOf(50), Buffer.alloc(10, 1));
    await other
      .connect()
      .adopt([{ hash: hashOf(50), scope: 'ns/pool', blockKeys: Buffer.from(keysOf(50).buffer) }]);
    a.restart(({ cpu, ssd }) => {
      cpu.delete(path(1));
      const held = cpu.get(path(2));
      if (held) ssd.set(path(2), held);
      cpu.delete(path(2));
      const fresh = other.tiers.cpu.get(moved);
      if (fresh) cpu.set(moved, fresh);
    });
    await until(() => announced(NODE, 'cpu', 50));
    expect([1, 2, 3].map((chunk) => announced(NODE, 'cpu', chunk))).toEqual([false, false, true]);
    expect(announced(NODE, 'ssd', 2)).toBe(true);
    const metric = await replica.registry.getSingleMetricAsString('penstock_kv_offload_lost_copies_total');
    expect(metric).toMatch(/reason="missing".*\} 2/);
  });

  it('does not take late answers of an earlier connection for news', async () => {
    await start();
    await write(0, 9);
    a.isHung = true;
    lab.engineWrites(a, 9);
    await until(() => replica.term.runner.inFlight > 0);
    a.restart(({ cpu }) => cpu.delete(path(0)));
    await until(() => link()?.state === 'live' && copy(0, CPU) === undefined);
    a.isHung = false;
    await until(() => replica.term.runner.inFlight === 0);
    expect(copy(0, SSD)).toBeUndefined();
    expect(announced(NODE, 'ssd', 0) || announced(NODE, 'cpu', 0)).toBe(false);
  });

  it('begins anew with another leader in the middle of moves, and loses nothing', async () => {
    await start();
    await write(0, 9);
    a.isHung = true;
    lab.engineWrites(a, 9);
    await until(() => replica.term.runner.inFlight > 0);
    const next = lab.start();
    lab.clock.advance(1000);
    lab.cluster.expireLease('default', 'penstock-kv-offload');
    await until(() => next.isLeading && !replica.isLeading);
    replica = next;
    await until(() => link()?.state === 'live');
    a.isHung = false;
    await eventually(() => a.tiers.cpu.size <= 8 && next.term.runner.inFlight === 0);
    await eventually(() => range(0, 10).every((c) => announced(NODE, 'cpu', c) || announced(NODE, 'ssd', c)));
    const verified = await next.term.verifier.verify({ tier: undefined, node: undefined, limit: 0 });
    expect([verified.intact, verified.problems]).toEqual([verified.checked, []]);
  });

  it('adopts later what was stored while nobody led, or while the node was away', async () => {
    lab.engineWrites(a, 1);
    await start();
    await until(() => announced(NODE, 'cpu', 1));
    a.down();
    await until(() => link()?.state === 'lost');
    lab.engineWrites(a, 2);
    await replica.bus.settle().catch(() => {});
    a.up();
    await until(() => link()?.state === 'live');
    lab.engineWrites(a, 3);
    await until(() => announced(NODE, 'cpu', 3));
  });

  it('makes room for files that nobody can move yet', async () => {
    await start();
    await write(0, 5);
    for (const chunk of range(50, 55)) a.write(hashOf(chunk), Buffer.alloc(10));
    await write(5, 6);
    await until(() => announced(NODE, 'ssd', 0));
    expect(replica.term.tiers()[0]).toMatchObject({ tier: 'cpu', capacityBytes: 100 });
  });

  it('refuses a kv-node that serves another node, and says what to do', async () => {
    Object.assign(a, { node: 'z' });
    replica = lab.start();
    await until(() => replica.isLeading && link()?.state === 'lost');
    expect(link()?.problem).toMatch(/says it serves node "z"; give every kv-node the name of the node/);
  });

  it('counts entries that are no chunks, and takes the others', async () => {
    const held = { bytes: Buffer.alloc(10), crc32: 0, lastUsedMs: 0, adopted: true };
    const blockKeys = new Uint8Array(Buffer.from(keysOf(1).buffer));
    a.tiers.cpu.set('../../etc/passwd', { ...held, scope: 'ns/pool', blockKeys });
    a.tiers.cpu.set(path(1), { ...held, scope: 'no scope at all', blockKeys });
    a.tiers.cpu.set(path(2), { ...held, scope: 'ns/pool', blockKeys: new Uint8Array(7) });
    a.tiers.cpu.set(path(3), { ...held, scope: 'ns/pool', blockKeys });
    await start();
    expect([...replica.term.ledger.chunks()].map((chunk) => chunk.path)).toEqual([path(3)]);
    const metric = await replica.registry.getSingleMetricAsString(
      'penstock_kv_offload_refused_entries_total',
    );
    expect(metric).toMatch(/_total 3$/m);
  });

  it('forgets a node that has had no kv-node for long', async () => {
    await start(['--node-forget-ms=60000']);
    await write(0, 2);
    const { directory } = replica.parts;
    const current = directory.current.bind(directory);
    directory.current = () => new Map();
    a.down();
    await until(() => link()?.state === 'lost');
    expect(announced(NODE, 'cpu', 1)).toBe(true);
    lab.clock.advance(61_000);
    await until(() => !announced(NODE, 'cpu', 1) && link() === undefined);
    expect(replica.term.ledger.size).toBe(0);
    directory.current = current;
    a.up();
    await until(() => announced(NODE, 'cpu', 1));
  });

  it('says nothing for an earlier leader of a node that is gone', async () => {
    await start();
    await write(0, 2);
    await replica.stop();
    lab.clock.advance(1000);
    lab.nodes.clear();
    lab.addNode('b', 100, 100);
    replica = lab.start(['--node-forget-ms=60000']);
    await replica.untilLive();
    await replica.bus.settle();
    expect(announced(NODE, 'cpu', 1)).toBe(true);
    lab.clock.advance(61_000);
    await until(() => !announced(NODE, 'cpu', 1));
  });
});

describe('S3', () => {
  async function onS3(...chunks: number[]): Promise<void> {
    for (const chunk of chunks) {
      const bytes = Buffer.alloc(10, chunk);
      const { crc32 } = await import('node:zlib');
      const metadata = {
        'penstock-crc32': crc32(bytes).toString(16).padStart(8, '0'),
        'penstock-keys': Buffer.from(keysOf(chunk).buffer).toString('base64'),
        'penstock-scope': 'ns/pool',
      };
      await lab.store.put(path(chunk), bytes, { sizeBytes: 10, crc32: crc32(bytes), metadata });
    }
  }
  const held = (chunk: number) => announced('@ns/pool/s3', 's3', chunk);

  it('is listed at the beginning of a term; what is none of ours is counted and left alone', async () => {
    await onS3(1, 2);
    await lab.store.put('some/other', Buffer.alloc(1), { sizeBytes: 1, crc32: 0xd202ef8d });
    await start();
    expect([held(1), held(2), replica.term.objects?.foreign]).toEqual([true, true, 1]);
  });

  it('tells that an earlier leader’s objects are gone, and that others appeared', async () => {
    await onS3(1, 2);
    await start(['--s3-scan-interval-ms=20']);
    await until(() => held(1) && held(2));
    await lab.store.delete([path(1)]);
    await onS3(3);
    await until(() => !held(1) && held(2) && held(3));
  });

  it('is not used while it does not answer, and is when it does again', async () => {
    await start(['--s3-admission-uses=0', '--s3-scan-interval-ms=20']);
    await onS3(1);
    lab.store.disconnect();
    await until(() => replica.term.objects?.problem !== '');
    expect(replica.term.objects?.problem).toMatch(/disconnected/);
    expect(replica.term.planner.capacities().some(({ place }) => place.tier === 's3')).toBe(false);
    lab.store.reconnect();
    await eventually(() => replica.term.objects?.isUsable === true && replica.term.objects.problem === '');
  });

  it('keeps a node that waits for it from nothing else', async () => {
    await onS3(50, 51, 52, 53);
    await start();
    a.isHungOnS3 = true;
    for (const chunk of [50, 51, 52, 53]) lab.route('a', 's3', chunk);
    await until(() => replica.term.runner.promotionsTo('a') === 4);
    await write(0, 6);
    await until(() => announced(NODE, 'ssd', 0) && !announced(NODE, 'cpu', 0));
    a.isHungOnS3 = false;
    await until(() => announced(NODE, 'cpu', 53) || announced(NODE, 'ssd', 53));
  });

  it('does not take up the moves of all nodes, however long it takes', async () => {
    const b = lab.addNode('b', 100, 100);
    a.capacityBytes.ssd = 0;
    await start(['--s3-admission-uses=0', '--low-watermark=0.4', '--max-moves-in-flight=4']);
    a.isHungOnS3 = true;
    await write(0, 10);
    await until(() => replica.term.runner.copiesToS3 === 2);
    for (const chunk of range(60, 70)) {
      lab.clock.advance(1000);
      lab.engineWrites(b, chunk);
    }
    await until(() => announced('@ns/pool/node/b', 'ssd', 60) && !announced('@ns/pool/node/b', 'cpu', 60));
    expect(replica.term.runner.copiesToS3).toBe(2);
    a.isHungOnS3 = false;
    await eventually(() => held(0) && !announced(NODE, 'cpu', 0));
  });

  it('loses a damaged object as soon as that is noticed', async () => {
    await onS3(1, 2);
    lab.store.damage(path(1));
    await start();
    lab.route('a', 's3', 1, 2);
    await until(() => !held(1));
    expect(await lab.store.head(path(1))).toBeUndefined();
    await until(() => announced(NODE, 'cpu', 2));
    expect(a.tiers.cpu.has(path(1))).toBe(false);
  });

  it('is asked what became of an upload that was not answered', async () => {
    a.capacityBytes.ssd = 0;
    await start(['--s3-admission-uses=0', '--low-watermark=0.5', '--high-watermark=0.6']);
    await write(0, 6);
    a.loseAnswers = true;
    lab.engineWrites(a, 6);
    await until(() => a.moves > 0 && link()?.state !== 'live');
    a.loseAnswers = false;
    await eventually(() => held(0));
    expect(replica.term.ledger.copy(path(0), { tier: 's3' })?.state).toBe('valid');
  });

  it('has objects removed when it is over its limit, and tries again when that fails', async () => {
    await onS3(...range(0, 10));
    lab.store.delete = () => Promise.reject(new ObjectStoreError('denied', 'not allowed'));
    await start(['--s3-capacity-bytes=100']);
    await until(() => replica.term.objects?.problem === 'not allowed');
    await until(() => !held(0));
    expect(await lab.store.head(path(0))).toBeDefined();
    lab.store.delete = FakeObjectStore.prototype.delete.bind(lab.store);
    await eventually(() => replica.term.ledger.size <= 8);
    for (const chunk of range(0, 10)) {
      expect((await lab.store.head(path(chunk))) !== undefined).toBe(held(chunk));
    }
  });

  it('is not needed', async () => {
    replica = lab.start([], 'without-s3');
    await replica.untilLive();
    await write(0, 3);
    expect(replica.term.objects).toBeUndefined();
  });
});
