import { type EventData, packU64, unpackKvDeltas, unpackKvSnapshot } from '@penstock/contracts';
import { KvReplica, PrefixIndex, TIERS, type Tier } from '@penstock/core/kv';
import type { IncomingEvent, ObjectStore } from '@penstock/core/ports';
import { decodeEvent } from '@penstock/messaging';
import { createLogger, createRegistry, loadConfig } from '@penstock/platform';
import { FakeBroker, FakeClock, FakeCluster, FakeEventBus, FakeObjectStore, until } from '@penstock/testing';
import type { Registry } from 'prom-client';
import type { OffloadTerm } from '../src/application/offload-term.js';
import { assembleOffload, type OffloadParts } from '../src/assemble-offload.js';
import { config, type KvOffloadConfig } from '../src/config.js';
import { FakeKvNode } from './fake-kv-node.js';

export const SCOPE = { namespace: 'ns', pool: 'pool' };
/** Bytes and blocks of every chunk in these tests. */
export const CHUNK_BYTES = 10;
export const BLOCKS = 4;

export const hashOf = (chunk: number) => chunk.toString(16).padStart(16, '0');
export const keysOf = (...chunks: number[]) =>
  BigUint64Array.from(
    chunks.flatMap((c) => Array.from({ length: BLOCKS }, (_, i) => BigInt(c * BLOCKS + i + 1))),
  );

/** Nodes, S3, NATS and Kubernetes; outlives the replicas of kv-offload started on it. Time moves by hand. */
export class Lab {
  readonly clock = new FakeClock();
  readonly cluster = new FakeCluster(() => this.clock.nowMs());
  readonly broker = new FakeBroker();
  readonly bus = new FakeEventBus({ broker: this.broker, source: 'test/0', nowMs: () => this.clock.nowMs() });
  readonly store = new FakeObjectStore();
  readonly nodes = new Map<string, FakeKvNode>();
  readonly replicas: Replica[] = [];
  readonly listener = new Listener(this.broker, this.clock);

  addNode(node: string, cpu: number, ssd: number): FakeKvNode {
    const made = new FakeKvNode(node, { cpu, ssd }, this.store, () => this.clock.nowMs());
    this.nodes.set(node, made);
    // Whatever is removed by order must have been withdrawn before.
    made.onRemove = (path, tier) => this.listener.expectWithdrawn(made, path, tier);
    return made;
  }

  /** An engine on the node writes chunks; kv-index tells of them. */
  engineWrites(node: FakeKvNode, ...chunks: number[]): string[] {
    const paths = chunks.map((chunk) => node.write(hashOf(chunk), Buffer.alloc(CHUNK_BYTES, `${chunk}`)));
    const files = chunks.map((chunk) => ({ hash: hashOf(chunk), keys: packU64(keysOf(chunk)) }));
    const data = { engine: `ns/engine-${node.node}`, node: node.node, files };
    this.bus.publish({ type: 'tier.stored', ...SCOPE, key: data.engine, data });
    return paths;
  }

  /** A scheduler sends a request to the node's engine, which can use these chunks from `tier`. */
  route(node: string, tier: Tier, ...chunks: number[]): void {
    const data: EventData<'routing.decided'> = {
      ...{ requestId: `r${this.broker.messages.length}`, model: 'm', targetModel: 'm', policy: 'p' },
      ...{ endpoint: '127.0.0.1:8000', engine: `ns/engine-${node}`, node, promptTokens: 1, matchedTokens: 0 },
      loads: [{ tier, keys: packU64(keysOf(...chunks)) }],
      ...{ decidedAtMs: this.clock.nowMs(), metricsAgeMs: 0, kvAgeMs: 0, scheduler: 's', reason: 'r' },
      ...{ excluded: {}, leading: [] },
    };
    this.bus.publish({ type: 'routing.decided', ...SCOPE, key: data.requestId, data });
  }

  start(flags: string[] = [], s3: 'with-s3' | 'without-s3' = 'with-s3'): Replica {
    const replica = new Replica(this, flags, s3 === 'with-s3' ? this.store : undefined);
    this.replicas.push(replica);
    return replica;
  }

  async stop(): Promise<void> {
    for (const node of this.nodes.values()) node.isHung = false;
    for (const replica of this.replicas) await replica.stop();
    await this.bus.close();
  }

  events<T>(type: string): IncomingEvent<T>[] {
    return this.broker.messages.flatMap((message) => {
      const event = decoded<T>(message);
      return event?.type === type ? [event] : [];
    });
  }
}

/** One replica of kv-offload. */
export class Replica {
  readonly bus: FakeEventBus;
  readonly parts: OffloadParts;
  readonly registry: Registry;

  constructor(lab: Lab, flags: string[], store: ObjectStore | undefined) {
    const { cluster, clock, broker } = lab;
    const instance = `r${lab.replicas.length}`;
    const nodes = Array.from(lab.nodes.keys(), (node, i) => `${node}=127.0.0.1:${i + 1}`).join(',');
    const bucket = store ? ['--s3-bucket=bucket'] : [];
    const own = ['--plan-interval-ms=5', `--kv-nodes=${nodes}`, ...bucket, ...flags];
    const loaded = loadConfig(config, own, {}).config as KvOffloadConfig;
    const logger = createLogger({ service: 'kv-offload', instance, level: 'silent' });
    this.registry = createRegistry('kv-offload', instance);
    const service = 'kv-offload';
    this.bus = new FakeEventBus({ broker, source: `${service}/${instance}`, nowMs: () => clock.nowMs() });
    const connect = (address: string) => {
      const node = [...lab.nodes.values()][Number(address.split(':')[1]) - 1] as FakeKvNode;
      return node.connect();
    };
    this.parts = assembleOffload(
      { cluster, bus: this.bus, clock, connect, store, close: () => this.bus.close() },
      { config: loaded, logger, registry: this.registry, instance, service },
    );
    this.parts.run.start();
  }

  get term(): OffloadTerm {
    const { term } = this.parts.leadership;
    if (!term) throw new Error('this replica does not decide');
    return term;
  }

  get isLeading(): boolean {
    return this.parts.leadership.term !== undefined;
  }

  async untilLive(): Promise<void> {
    await until(() => {
      const links = this.isLeading ? this.term.fleet.all() : [];
      return links.length > 0 && links.every(({ client }) => client) && this.term.objects?.listed !== false;
    });
  }

  async stop(): Promise<void> {
    await this.parts.run.stop();
    await this.bus.close();
  }
}

/** What a scheduler knows of storage from what was published so far. */
export class Listener {
  readonly index = new PrefixIndex();
  readonly replica = new KvReplica(this.index);
  /** Removals of blocks that were still announced. */
  readonly violations: string[] = [];
  private next = 0;

  constructor(
    private readonly broker: FakeBroker,
    private readonly clock: FakeClock,
  ) {}

  /** Keys that are announced on the tier of a holder. */
  holds(holder: string, tier: Tier, key: bigint): boolean {
    this.catchUp();
    const bit = 1 << TIERS.indexOf(tier);
    return this.index
      .holdersOf(key)
      .some(({ engineId, tierBits }) => engineId === holder && (tierBits & bit) !== 0);
  }

  expectWithdrawn(node: FakeKvNode, path: string, tier: 'cpu' | 'ssd'): void {
    const bytes = node.tiers[tier].get(path)?.blockKeys ?? new Uint8Array(0);
    for (const key of new BigUint64Array(new Uint8Array(bytes).buffer)) {
      if (this.holds(`@ns/pool/node/${node.node}`, tier, key)) this.violations.push(`${path} on ${tier}`);
    }
  }

  catchUp(): void {
    for (; this.next < this.broker.messages.length; this.next++) {
      const message = this.broker.messages[this.next];
      const event = message && decoded(message);
      if (event?.type === 'kv.delta') this.delta(event.data as EventData<'kv.delta'>);
      if (event?.type === 'kv.snapshot') this.snapshot(event.data as EventData<'kv.snapshot'>);
    }
  }

  private delta(batch: EventData<'kv.delta'>): void {
    for (const delta of unpackKvDeltas(batch)) this.replica.applyDelta(delta, this.clock.nowMs());
  }

  private snapshot(data: EventData<'kv.snapshot'>): void {
    this.replica.applySnapshot(unpackKvSnapshot(data), this.clock.nowMs());
  }
}

function decoded<T>(message: FakeBroker['messages'][number]): IncomingEvent<T> | undefined {
  const headers = new Map(message.headers);
  return decodeEvent<T>({
    subject: message.subject,
    header: (name) => headers.get(name),
    payload: message.payload,
    deliveries: 1,
  }).event;
}
