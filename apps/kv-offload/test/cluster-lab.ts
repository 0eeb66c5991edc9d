import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubernetesCluster } from '@penstock/cluster';
import {
  type EventData,
  namespaceKind,
  packU64,
  podKind,
  unpackKvDeltas,
  unpackKvSnapshot,
} from '@penstock/contracts';
import { KvReplica, PrefixIndex, TIERS, type Tier } from '@penstock/core/kv';
import { NatsEventBus } from '@penstock/messaging';
import { createLogger, createRegistry, loadConfig, systemClock } from '@penstock/platform';
import { type ManagedServer, startNats, startTestCluster, type TestCluster, until } from '@penstock/testing';
import { connectGrpcKvNode } from '../src/adapters/grpc-kv-node.js';
import type { KvNodeClient } from '../src/application/kv-node-client.js';
import { assembleOffload, type OffloadParts } from '../src/assemble-offload.js';
import { config, type KvOffloadConfig } from '../src/config.js';
import { ApiLink } from './api-link.js';
import type { FakeKvNode } from './fake-kv-node.js';
import { CHUNK_BYTES, hashOf, keysOf, SCOPE } from './offload-lab.js';
import { type ServedKvNode, serveKvNode } from './serve-kv-node.js';

export const NAMESPACE = 'kv';
export const PATIENCE_MS = 150_000;
/** A real server and its controllers, on a busy machine, take their time. */
const FLAGS = [
  ...['--plan-interval-ms=50', '--lease-duration-ms=3000', '--node-forget-ms=2000'],
  ...[`--namespace=${NAMESPACE}`, `--lease-namespace=${NAMESPACE}`],
  ...['--snapshot-interval-ms=500', '--snapshot-max-interval-ms=2000'],
];

/** What a replica asked of a kv-node. */
export interface Command {
  readonly by: string;
  readonly address: string;
}

/** What a replica said of storage. */
export interface Word {
  readonly source: string;
  readonly incarnation: number;
}

/** kv-offload on a cluster API and NATS, with kv-nodes behind gRPC as its pods. */
export class ClusterLab {
  readonly commands: Command[] = [];
  readonly words: Word[] = [];
  readonly bus: NatsEventBus;
  private readonly index = new PrefixIndex();
  private readonly replica = new KvReplica(this.index);
  private readonly folder = mkdtempSync(join(tmpdir(), 'kv-offload-'));
  private readonly served = new Map<string, ServedKvNode>();
  private readonly replicas: ClusterReplica[] = [];
  private started = 0;

  private constructor(
    readonly api: TestCluster,
    readonly cluster: KubernetesCluster,
    readonly nats: ManagedServer,
  ) {
    this.bus = NatsEventBus.connect({ servers: [nats.url], source: 'kv-index/test' });
  }

  static async start(...nodes: string[]): Promise<ClusterLab> {
    const [api, nats] = await Promise.all([startTestCluster(), startNats()]);
    for (const name of nodes) await api.addNode({ name });
    const cluster = new KubernetesCluster({ service: 'test', kubeconfig: api.kubeconfigPath });
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
    await cluster.create(namespaceKind, namespace);
    const lab = new ClusterLab(api, cluster, nats);
    await lab.listen();
    return lab;
  }

  /**
   * A pod that is bound to the node, and what listens on its port. Pods of the test run no process: what is theirs
   * listens on loopback, under a port that no other pod has.
   */
  async addPod(name: string, node: FakeKvNode, label = 'kv-node'): Promise<number> {
    const served = await serveKvNode(node);
    this.served.set(name, served);
    const ports = [{ name: 'grpc', containerPort: served.port }];
    await this.cluster.create(podKind, {
      ...{ apiVersion: 'v1', kind: 'Pod' },
      metadata: { namespace: NAMESPACE, name, labels: { 'app.kubernetes.io/name': label } },
      spec: { nodeName: node.node, containers: [{ name: 'main', image: 'none', ports }] },
    });
    return served.port;
  }

  async removePod(name: string): Promise<void> {
    await this.cluster.delete(podKind, NAMESPACE, name);
    this.served.get(name)?.stop();
    this.served.delete(name);
  }

  async startReplica(): Promise<ClusterReplica> {
    const instance = `r${this.started++}`;
    const kubeconfig = join(this.folder, instance);
    const link = await ApiLink.open(this.api.url, this.api.kubeconfig, kubeconfig);
    const replica = new ClusterReplica(this, instance, kubeconfig, link);
    this.replicas.push(replica);
    return replica;
  }

  /** Replicas that decide at this moment. */
  deciding(): ClusterReplica[] {
    return this.replicas.filter(({ isDeciding }) => isDeciding);
  }

  /** An engine on the node writes a chunk; kv-index tells of it. */
  engineWrites(node: FakeKvNode, chunk: number): void {
    node.write(hashOf(chunk), Buffer.alloc(CHUNK_BYTES, `${chunk}`));
    const files = [{ hash: hashOf(chunk), keys: packU64(keysOf(chunk)) }];
    const data = { engine: `ns/engine-${node.node}`, node: node.node, files };
    this.bus.publish({ type: 'tier.stored', ...SCOPE, key: data.engine, data });
  }

  /** Whether the others were told that the node holds the chunk. */
  announced(node: FakeKvNode, tier: Tier, chunk: number): boolean {
    const bit = 1 << TIERS.indexOf(tier);
    const holder = `@ns/pool/node/${node.node}`;
    return keysOf(chunk).every((key) =>
      this.index
        .holdersOf(key)
        .some(({ engineId, tierBits }) => engineId === holder && (tierBits & bit) !== 0),
    );
  }

  async stopReplicas(): Promise<void> {
    for (const replica of this.replicas.splice(0)) await replica.stop();
  }

  async stop(): Promise<void> {
    await this.stopReplicas();
    for (const { stop } of this.served.values()) stop();
    await this.bus.close();
    await this.cluster.close();
    await Promise.all([this.api.stop(), this.nats.stop()]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Learns what a scheduler learns. */
  private async listen(): Promise<void> {
    const options = { types: ['kv.delta', 'kv.snapshot'], from: 'last-per-subject' } as const;
    await this.bus.follow<EventData<'kv.delta' | 'kv.snapshot'>>(options, ({ type, source, data }) => {
      const nowMs = Date.now();
      if (type === 'kv.snapshot') {
        const snapshot = unpackKvSnapshot(data as EventData<'kv.snapshot'>);
        this.words.push({ source, incarnation: snapshot.incarnation });
        this.replica.applySnapshot(snapshot, nowMs);
        return;
      }
      for (const delta of unpackKvDeltas(data as EventData<'kv.delta'>)) {
        this.words.push({ source, incarnation: delta.incarnation });
        this.replica.applyDelta(delta, nowMs);
      }
    });
  }
}

/** One replica of kv-offload. */
export class ClusterReplica {
  readonly parts: OffloadParts;
  private isStopped = false;

  constructor(
    lab: ClusterLab,
    readonly instance: string,
    kubeconfig: string,
    readonly link: ApiLink,
  ) {
    const service = 'kv-offload';
    const cluster = new KubernetesCluster({ service, kubeconfig });
    const bus = NatsEventBus.connect({ servers: [lab.nats.url], source: `${service}/${instance}` });
    const connectKvNode = (address: string): KvNodeClient => {
      const port = address.slice(address.lastIndexOf(':') + 1);
      const client = connectGrpcKvNode(`127.0.0.1:${port}`, { moveMs: 5_000 });
      const commanding =
        <A, R>(command: (argument: A) => Promise<R>) =>
        (argument: A): Promise<R> => {
          lab.commands.push({ by: instance, address });
          return command(argument);
        };
      return { ...client, adopt: commanding(client.adopt), move: commanding(client.move) };
    };
    const close = async () => void (await Promise.all([cluster.close(), bus.close()]));
    this.parts = assembleOffload(
      { cluster, bus, clock: systemClock, connect: connectKvNode, store: undefined, close },
      {
        ...{ config: loadConfig(config, FLAGS, {}).config as KvOffloadConfig, instance, service },
        registry: createRegistry(service, instance),
        logger: createLogger({ service, instance, level: 'silent' }),
      },
    );
    this.parts.run.start();
  }

  get isDeciding(): boolean {
    return this.parts.leadership.term !== undefined;
  }

  get incarnation(): number {
    return this.parts.leadership.term?.incarnation ?? 0;
  }

  /** Nodes that take commands, each with the port of its kv-node. */
  nodes(): Record<string, number> {
    const links = this.parts.leadership.term?.fleet.all() ?? [];
    const live = links.filter(({ client }) => client);
    return Object.fromEntries(live.map(({ node, address }) => [node, Number(address.split(':').at(-1))]));
  }

  async untilDeciding(): Promise<void> {
    await until(() => this.isDeciding, PATIENCE_MS);
  }

  /** As SIGTERM does: the Lease is given back. */
  async stop(): Promise<void> {
    if (this.isStopped) return;
    this.isStopped = true;
    await this.parts.run.stop();
    await this.parts.close();
    await this.link.cut();
  }

  /** As SIGKILL does: nothing more is said to anybody, and the Lease stays with the dead. */
  async kill(): Promise<void> {
    await this.link.cut();
    await this.stop();
  }
}
