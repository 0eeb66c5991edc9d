import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@penstock/testing';
import { ClusterLab, type ClusterReplica, PATIENCE_MS } from './cluster-lab.js';
import { FakeKvNode } from './fake-kv-node.js';

const CAPACITY = { cpu: 100, ssd: 1_000_000 };

let lab: ClusterLab;
let chunks = 0;
const eventually = (condition: () => boolean) => until(condition, PATIENCE_MS);
const kvNode = (node: string) => new FakeKvNode(node, CAPACITY, undefined, Date.now);

beforeAll(async () => {
  lab = await ClusterLab.start('node-1', 'node-2');
}, 400_000);
afterEach(() => lab.stopReplicas(), 60_000);
afterAll(() => lab?.stop(), 60_000);

/** Engines write and tiers are full until the returned function is called; tells which chunk was written last. */
function working(node: FakeKvNode): () => number {
  const timer = setInterval(() => lab.engineWrites(node, ++chunks), 100);
  return () => {
    clearInterval(timer);
    return chunks;
  };
}

/** Most replicas that decided at the same moment, from now until the returned function is called. */
function watchDeciders(): () => number {
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, lab.deciding().length);
  }, 5);
  return () => {
    clearInterval(timer);
    return most;
  };
}

/** Lives under which a replica spoke for storage. */
function lives({ instance }: ClusterReplica): number[] {
  const own = lab.words.filter(({ source }) => source === `kv-offload/${instance}`);
  expect(own.length).toBeGreaterThan(0);
  return own.map(({ incarnation }) => incarnation);
}

describe('kv-nodes on a cluster', () => {
  it('are found as pods, followed to another address, and forgotten when they are gone for long', async () => {
    const [one, two, other] = [kvNode('node-1'), kvNode('node-2'), kvNode('node-2')];
    const port = await lab.addPod('one', one);
    const replica = await lab.startReplica();
    await replica.untilDeciding();
    await eventually(() => replica.nodes()['node-1'] === port);
    const second = await lab.addPod('two', two);
    const stranger = await lab.addPod('not-one-of-them', other, 'something-else');
    await eventually(() => replica.nodes()['node-2'] === second);
    const [a, b] = [++chunks, ++chunks];
    lab.engineWrites(one, a);
    lab.engineWrites(two, b);
    await eventually(() => lab.announced(one, 'cpu', a) && lab.announced(two, 'cpu', b));
    expect(lab.announced(one, 'cpu', b)).toBe(false);

    // Another pod on the same node takes over what lies there: nothing is taken back in between.
    await lab.removePod('one');
    one.restart();
    const moved = await lab.addPod('one-again', one);
    expect(moved).not.toBe(port);
    await until(() => {
      expect(lab.announced(one, 'cpu', a)).toBe(true);
      return replica.nodes()['node-1'] === moved;
    }, PATIENCE_MS);
    const c = ++chunks;
    lab.engineWrites(one, c);
    await eventually(() => lab.announced(one, 'cpu', c));
    expect(lab.announced(one, 'cpu', a)).toBe(true);

    await lab.removePod('two');
    const goneMs = performance.now();
    await eventually(() => !lab.announced(two, 'cpu', b));
    // Not because its connection ended.
    expect(performance.now() - goneMs).toBeGreaterThan(1_000);
    expect(Object.keys(replica.nodes())).toEqual(['node-1']);
    expect(lab.announced(one, 'cpu', a)).toBe(true);
    expect(lab.commands.filter(({ address }) => address.endsWith(`:${stranger}`))).toEqual([]);
    await lab.removePod('one-again');
    await lab.removePod('not-one-of-them');
  }, 400_000);

  it.each([
    ['killed', (replica: ClusterReplica) => replica.kill()],
    ['stopped', (replica: ClusterReplica) => replica.stop()],
  ] as const)(
    'obey one replica: when the leader is %s the other goes on, in a later life',
    async (how, end) => {
      const node = kvNode('node-1');
      await lab.addPod(`kv-node-${how}`, node);
      const first = await lab.startReplica();
      await first.untilDeciding();
      const second = await lab.startReplica();
      const stopWatching = watchDeciders();
      const before = lab.commands.length;
      const stopWorking = working(node);
      await eventually(() => node.moves > 20);
      await eventually(() => second.parts.directory.current()?.size === 1);
      expect(second.isDeciding).toBe(false);
      const { incarnation } = first;
      await end(first);
      expect(first.isDeciding).toBe(false);
      const moves = node.moves;
      const endedMs = performance.now();
      await second.untilDeciding();
      // The Lease of the dead runs out; it was not given back.
      if (how === 'killed') expect(performance.now() - endedMs).toBeGreaterThan(1_000);
      expect(second.incarnation).toBeGreaterThan(incarnation);
      await eventually(() => node.moves > moves + 20);
      const last = stopWorking();
      await eventually(() => lab.announced(node, 'cpu', last));
      expect(stopWatching()).toBe(1);
      const speakers = lab.commands.slice(before).map(({ by }) => by);
      const from = speakers.indexOf(second.instance);
      expect(new Set(speakers.slice(0, from))).toEqual(new Set([first.instance]));
      expect(new Set(speakers.slice(from))).toEqual(new Set([second.instance]));
      const [old, young] = [lives(first), lives(second)];
      expect(Math.min(...young)).toBeGreaterThan(Math.max(...old));
      await lab.removePod(`kv-node-${how}`);
    },
    400_000,
  );

  it('get a new leader when theirs is cut off from the API, which gives way as soon as it hears of it', async () => {
    const node = kvNode('node-1');
    await lab.addPod('kv-node-split', node);
    const first = await lab.startReplica();
    await first.untilDeciding();
    const second = await lab.startReplica();
    await eventually(() => first.nodes()['node-1'] !== undefined);
    await first.link.cut();
    await second.untilDeciding();
    await eventually(() => !first.isDeciding && second.nodes()['node-1'] !== undefined);
    await first.link.restore();
    const chunk = ++chunks;
    lab.engineWrites(node, chunk);
    await eventually(() => lab.announced(node, 'cpu', chunk));
    expect(lab.deciding()).toEqual([second]);
    await lab.removePod('kv-node-split');
  }, 400_000);

  it('are served on while the API is away, and after it', async () => {
    const node = kvNode('node-1');
    await lab.addPod('kv-node-api', node);
    const replica = await lab.startReplica();
    await replica.untilDeciding();
    await eventually(() => replica.nodes()['node-1'] !== undefined);
    const { incarnation } = replica;
    await lab.api.killApi();
    await eventually(() => replica.parts.leadership.lease?.held === false);
    const during = ++chunks;
    lab.engineWrites(node, during);
    await eventually(() => lab.announced(node, 'cpu', during));
    await lab.api.startApi();
    await eventually(() => replica.parts.leadership.lease?.held === true && replica.isDeciding);
    expect(replica.incarnation).toBeGreaterThanOrEqual(incarnation);
    await eventually(() => replica.nodes()['node-1'] !== undefined);
    const after = ++chunks;
    lab.engineWrites(node, after);
    await eventually(() => lab.announced(node, 'cpu', after) && lab.announced(node, 'cpu', during));
    // Pods that come now are seen.
    const two = kvNode('node-2');
    const port = await lab.addPod('kv-node-after', two);
    await eventually(() => replica.nodes()['node-2'] === port);
    await lab.removePod('kv-node-api');
    await lab.removePod('kv-node-after');
  }, 400_000);
});
