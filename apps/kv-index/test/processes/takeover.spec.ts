import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KubernetesCluster } from '@penstock/cluster';
import {
  CUSTOM_RESOURCES,
  customResourceDefinition,
  inferencePoolKind,
  leaseKind,
  namespaceKind,
  podKind,
  unpackKvDeltas,
  unpackKvSnapshot,
} from '@penstock/contracts';
import { KvReplica, PrefixIndex, rendezvousOwner } from '@penstock/core/kv';
import type { ClusterObject, ResourceKind } from '@penstock/core/ports';
import { NatsEventBus } from '@penstock/messaging';
import {
  installDefinitions,
  type ManagedServer,
  startNats,
  startRedis,
  startTestCluster,
  type TestCluster,
  until,
} from '@penstock/testing';
import { RealEngine, tokensOf } from '../real-engine.js';
import { ReplicaProcess } from './replica-process.js';

const NAMESPACE = 'kv';
const PATIENCE_MS = 60_000;
const MEMBERS = ['one', 'two'];

/** Names of pods of which each replica is to follow two. */
function podNames(): Map<string, string> {
  const owners = new Map<string, string>();
  for (let i = 0; owners.size < 4; i++) {
    const owner = rendezvousOwner(`${NAMESPACE}/pod-${i}`, MEMBERS) as string;
    if ([...owners.values()].filter((other) => other === owner).length < 2) owners.set(`pod-${i}`, owner);
  }
  return owners;
}

describe('replicas of kv-index as processes, on real NATS, Redis, ZeroMQ and a Kubernetes API', () => {
  const owners = podNames();
  const engines = new Map<string, RealEngine>();
  const replicas = new Map<string, ReplicaProcess>();
  const reader = new KvReplica(new PrefixIndex());
  /** Changes that the reader was told of under a life that was over. */
  let staleHeard = 0;
  let api: TestCluster;
  let nats: ManagedServer;
  let redis: ManagedServer;
  let cluster: KubernetesCluster;
  let bus: NatsEventBus;

  beforeAll(async () => {
    [api, nats, redis] = await Promise.all([startTestCluster(), startNats(), startRedis()]);
    cluster = new KubernetesCluster({ service: 'test', kubeconfig: api.kubeconfigPath });
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
    await cluster.create(namespaceKind, namespace);
    const pools = CUSTOM_RESOURCES.filter(({ resource }) => resource === inferencePoolKind);
    await installDefinitions(cluster, pools.map(customResourceDefinition));
    for (const name of owners.keys()) {
      engines.set(name, await RealEngine.start({ layout: 'map', hashes: 'bytes' }));
      await declare(name);
    }
    await follow();
    await Promise.all(MEMBERS.map(start));
  }, 180_000);

  afterAll(async () => {
    await Promise.all([...replicas.values()].map((replica) => replica.end('SIGKILL')));
    await bus?.close();
    await cluster?.close();
    for (const engine of engines.values()) await engine.stop();
    await Promise.all([api?.stop(), nats?.stop(), redis?.stop()]);
  }, 60_000);

  async function start(name: string): Promise<void> {
    const flags = [
      ...[`--kubeconfig=${api.kubeconfigPath}`, `--nats-url=${nats.url}`, `--redis-url=${redis.url}`],
      ...[`--namespace=${NAMESPACE}`, `--lease-namespace=${NAMESPACE}`],
      ...['--delta-interval-ms=50', '--snapshot-interval-ms=1000', '--store-interval-ms=500'],
    ];
    replicas.set(name, await ReplicaProcess.start(name, flags));
  }

  /** What any other subscriber of the events knows. */
  async function follow(): Promise<void> {
    bus = NatsEventBus.connect({ servers: [nats.url], source: 'test/0' });
    await bus.follow(
      { types: ['kv.delta', 'kv.snapshot'], from: 'last-per-subject', onGap: () => reader.lostTrack() },
      ({ type, data }) => {
        if (type === 'kv.snapshot') reader.applySnapshot(unpackKvSnapshot(data as never), 0);
        else
          for (const delta of unpackKvDeltas(data as never))
            if (reader.applyDelta(delta, 0) === 'stale') staleHeard++;
      },
    );
  }

  async function declare(name: string): Promise<void> {
    const engine = engines.get(name) as RealEngine;
    const spec = {
      selector: { matchLabels: { app: name } },
      targetPorts: [{ number: engine.httpPort }],
      endpointPickerRef: { name: 'epp', port: { number: 9002 } },
    };
    const metadata = { namespace: NAMESPACE, name };
    const kind = { apiVersion: 'inference.networking.k8s.io/v1', kind: 'InferencePool' };
    await until(async () => {
      const pool = { ...kind, metadata, spec } as ClusterObject;
      await cluster.create(inferencePoolKind as ResourceKind, pool).catch(() => undefined);
      return (await cluster.get(inferencePoolKind as ResourceKind, NAMESPACE, name)) !== undefined;
    }, PATIENCE_MS);
    const ports = [
      { containerPort: engine.httpPort },
      { name: 'kv-events', containerPort: engine.eventsPort },
      { name: 'kv-replay', containerPort: engine.replayPort },
    ];
    await cluster.create(podKind, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...metadata, labels: { app: name } },
      spec: { schedulerName: 'nobody', containers: [{ name: 'engine', image: 'none', ports }] },
    });
    const now = new Date().toISOString();
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: now }];
    const status = { phase: 'Running', podIP: '127.0.0.1', podIPs: [{ ip: '127.0.0.1' }], conditions };
    await cluster.mergePatch(podKind, NAMESPACE, name, { status }, { subresource: 'status' });
  }

  const replica = (name: string) => replicas.get(name) as ReplicaProcess;
  const ownedBy = (owner: string) => [...owners].filter(([, name]) => name === owner).map(([name]) => name);
  const engine = (name: string) => engines.get(name) as RealEngine;

  /** How many blocks of its engines a replica does not know, or claims without cause. */
  async function divergence(of: ReplicaProcess): Promise<number> {
    let different = 0;
    const reports = new Map((await of.engines()).map((report) => [report.engineId, report]));
    for (const [name, { held }] of engines) {
      const report = reports.get(`${NAMESPACE}/${name}`);
      different += Math.abs((report?.blocks ?? 0) - held.size);
      if (report?.state !== 'live') different++;
    }
    const prompts = new Set([...engines.values()].flatMap(({ held }) => [...held]));
    for (const prompt of prompts) {
      const found = await of.blocksOf(tokensOf(prompt), 'model-r');
      for (const [name, { held }] of engines) {
        const blocks = [...prompt].findIndex((_, i) => !held.has(prompt.slice(0, i + 1)));
        if (found.get(`${NAMESPACE}/${name}`) !== (blocks < 0 ? prompt.length : blocks)) different++;
      }
    }
    return different;
  }

  function readerDivergence(): number {
    let different = 0;
    for (const [name, { held }] of engines)
      different += Math.abs(reader.index.blocksOf(`${NAMESPACE}/${name}`) - held.size);
    return different;
  }

  /** Every replica and the reader have exactly what the engines hold; prints how long it took. */
  async function converged(what: string, sinceMs: number, ...names: string[]): Promise<void> {
    for (const name of names)
      await until(async () => (await divergence(replica(name)).catch(() => Number.NaN)) === 0, PATIENCE_MS);
    await until(() => readerDivergence() === 0, PATIENCE_MS);
    console.info(`${what}: divergence 0 after ${Math.round(performance.now() - sinceMs)} ms`);
  }

  const change = (some: string) => {
    for (const each of engines.values()) {
      each.store(`ab${some}`);
      each.store(`${some}cd`);
      each.evict(`${some}cd`);
    }
  };

  const incarnationsOf = (ids: readonly string[]) =>
    new Map(ids.map((id) => [id, reader.sync(id, 0)?.incarnation ?? 0]));
  const areNewer = (ids: readonly string[], before: ReadonlyMap<string, number>) =>
    ids.every((id) => (reader.sync(id, 0)?.incarnation ?? 0) > (before.get(id) ?? 0));

  const followers = async (name: string) =>
    new Map((await replica(name).engines()).map((report) => [report.engineId, report.replica]));
  const sharedOut = (name: string) =>
    until(async () => {
      // On a busy machine an answer may come too late.
      const seen = await followers(name).catch(() => new Map<string, string>());
      return [...owners].every(([pod, owner]) => seen.get(`${NAMESPACE}/${pod}`) === owner);
    }, PATIENCE_MS);

  it('share the engines, and have what all of them hold', async () => {
    const sinceMs = performance.now();
    change('x');
    for (const name of MEMBERS) await sharedOut(name);
    await converged('start', sinceMs, ...MEMBERS);
  }, 150_000);

  it('are not changed by one that was paused for 3 s and goes on', async () => {
    const moved = ownedBy('two').map((name) => `${NAMESPACE}/${name}`);
    const before = incarnationsOf(moved);
    // It has something to publish when it goes on.
    change('p');
    replica('two').signal('SIGSTOP');
    const stoppedMs = performance.now();
    await until(() => areNewer(moved, before), PATIENCE_MS);
    for (const name of ownedBy('two')) engine(name).evict('abp');
    await until(() => performance.now() - stoppedMs > 3_000);
    let wrong = 0;
    const watch = setInterval(() => {
      // Nobody may be told again of what left the engine meanwhile.
      if (!areNewer(moved, before)) wrong++;
    }, 1);
    replica('two').signal('SIGCONT');
    const sinceMs = performance.now();
    for (const name of MEMBERS) await sharedOut(name);
    change('q');
    await converged('paused', sinceMs, ...MEMBERS);
    clearInterval(watch);
    expect(wrong).toBe(0);
    console.info(`paused: ${staleHeard} stale changes were told and ignored`);
  }, 150_000);

  it('go on without NATS, and agree when it is back with nothing', async () => {
    await nats.kill();
    change('n');
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    change('m');
    await nats.restart({ wipe: true });
    const sinceMs = performance.now();
    await converged('NATS back', sinceMs, ...MEMBERS);
  }, 150_000);

  it('take over from one that is killed in the middle of what engines say, while one of them restarts', async () => {
    const moved = ownedBy('two').map((name) => `${NAMESPACE}/${name}`);
    const before = incarnationsOf(moved);
    const some = () => String.fromCharCode(0x4e00 + Math.floor(Math.random() * 200));
    const timer = setInterval(() => change(some()), 2);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const killedMs = performance.now();
    await replica('two').end('SIGKILL');
    await until(() => areNewer(moved, before), PATIENCE_MS);
    console.info(
      `takeover: ${Math.round(performance.now() - killedMs)} ms from SIGKILL to the first changes`,
    );
    clearInterval(timer);
    await converged('ingester killed', killedMs, 'one');
    // Each twice at least: it took them when the other one was paused, too.
    const takeovers = await replica('one').figure(/^penstock_kv_index_takeovers_total (\d+)/m);
    expect(takeovers).toBeGreaterThanOrEqual(2 * moved.length);
    const timed = await replica('one').figure(/^penstock_kv_index_takeover_seconds_count (\d+)/m);
    expect(timed).toBeGreaterThanOrEqual(2 * moved.length);
  }, 150_000);

  it('take its Lease away when it says good-bye', async () => {
    await replica('one').end('SIGTERM');
    const gone = await cluster.get(leaseKind as never, NAMESPACE, 'penstock-kv-index-one');
    expect(gone).toBeUndefined();
  }, 150_000);
});
