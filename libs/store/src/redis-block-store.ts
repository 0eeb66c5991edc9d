import { randomUUID } from 'node:crypto';
import type { BlockStore, StoredDelta, StoredEngine } from '@penstock/core/ports';
import { ExponentialBackoff, handleAll, retry } from 'cockatiel';
import { CorruptError } from './packing/corrupt-error.js';
import { packDelta } from './packing/delta-record.js';
import { packSnapshot } from './packing/snapshot.js';
import { AppendBatches } from './redis/append-batches.js';
import { EngineCommands } from './redis/engine-commands.js';
import { FoldQueue } from './redis/fold-queue.js';
import { type LoadedEngine, readLoadedEngine } from './redis/loaded-engine.js';
import { RedisConnection } from './redis/redis-client.js';
import {
  CLUSTER_EPOCH_KEYS,
  type EngineKeys,
  EPOCH_KEY,
  engineKeys,
  engineOfMember,
  poolKeys,
} from './redis/redis-keys.js';
import type { RedisBlockStoreOptions } from './redis/redis-options.js';
import { type ScriptClient, ScriptRunner } from './redis/script-runner.js';
import { WriteBudget } from './redis/write-budget.js';
import { newCounters, type StoreCounters } from './store-counters.js';
import { SILENT_LOG, type StoreLog } from './store-log.js';

const DEFAULT_TTL_MS = 24 * 3600 * 1000;
const DEFAULT_FOLD_ABOVE_BYTES = 16 * 1024;
const DEFAULT_MAX_WAITING_BYTES = 64 * 1024 * 1024;
const PROBE_TTL_MS = 10_000;
/** How long older lives of a removed engine are refused. */
const FENCE_MS = 5 * 60_000;
/** A log may have this share of its snapshot: 20 bytes per block, plus at most 9, plus what the allocator adds. */
const FOLD_ABOVE_SHARE = 0.45;
/** Folds at once in this process: at the fleet's rate over a hundred begin per second, and each waits behind writes. */
const MAX_FOLDS = 8;
/** Engines of `loadPool` that are read ahead. */
const LOAD_AHEAD = 8;
/** A busy Redis or process makes one of a thousand loads late, which must not cost the others: about 3 s in all. */
const patiently = retry(handleAll, {
  maxAttempts: 5,
  backoff: new ExponentialBackoff({ initialDelay: 100, maxDelay: 1000 }),
});

/** Engine caches in Redis or Valkey: one packed snapshot and one packed log per engine, written by shard of a pool. */
export class RedisBlockStore implements BlockStore {
  private readonly totals: StoreCounters = newCounters();
  private readonly connection: RedisConnection;
  private readonly commands: EngineCommands;
  private readonly batches: AppendBatches;
  private readonly budget: WriteBudget;
  private readonly log: StoreLog;
  private readonly ttlMs: number;
  private readonly foldAboveBytes: number;
  private readonly folding = new FoldQueue(MAX_FOLDS);
  private readonly epochKeys: readonly string[];
  private readonly probeId = `probe-${randomUUID()}`;
  private probes = 0;

  private constructor(options: RedisBlockStoreOptions) {
    this.log = options.log ?? SILENT_LOG;
    this.ttlMs = options.ttlMs ?? DEFAULT_TTL_MS;
    this.foldAboveBytes = options.foldAboveBytes ?? DEFAULT_FOLD_ABOVE_BYTES;
    this.budget = new WriteBudget(options.maxWaitingBytes ?? DEFAULT_MAX_WAITING_BYTES);
    this.epochKeys = options.cluster ? CLUSTER_EPOCH_KEYS : [EPOCH_KEY];
    this.connection = new RedisConnection(options);
    // ioredis has the Buffer variants of EVAL and EVALSHA but leaves them out of its types.
    const scripts = new ScriptRunner(this.connection.client as unknown as ScriptClient, () => {
      this.totals.scriptReloads++;
    });
    this.commands = new EngineCommands(scripts);
    this.batches = new AppendBatches((deltas) => this.commands.append(deltas, this.ttlMs));
  }

  /** Returns at once and connects in the background, for ever; calls fail fast while Redis is away. */
  static connect(options: RedisBlockStoreOptions): RedisBlockStore {
    return new RedisBlockStore(options);
  }

  epoch(): Promise<string> {
    return this.call(async () => {
      const ids = await this.connection.replicationIds();
      const texts = await Promise.all(this.epochKeys.map((key) => this.epochAt(key)));
      return [...ids, ...texts].join(' ');
    });
  }

  engines(namespace: string, pool: string): Promise<string[]> {
    return this.call(async () => {
      const { client } = this.connection;
      const registered = await this.registered(namespace, pool);
      const exists = await Promise.all(
        registered.map((engineId) => client.exists(engineKeys(namespace, pool, engineId).head)),
      );
      const forgotten = registered.filter((_, i) => exists[i] === 0);
      await Promise.all(
        forgotten.map((engineId) => {
          const { engines, member } = engineKeys(namespace, pool, engineId);
          return client.srem(engines, member);
        }),
      );
      return registered.filter((_, i) => exists[i] !== 0);
    });
  }

  async load(namespace: string, pool: string, engineId: string): Promise<StoredEngine | undefined> {
    const loaded = await this.call(() => this.read(engineKeys(namespace, pool, engineId), engineId));
    return loaded?.engine;
  }

  async *loadPool(namespace: string, pool: string): AsyncIterable<StoredEngine> {
    const engineIds = await patiently.execute(() => this.call(() => this.registered(namespace, pool)));
    const ahead: Array<Promise<StoredEngine | undefined>> = [];
    for (const engineId of [...engineIds, ...Array<undefined>(LOAD_AHEAD)]) {
      if (engineId !== undefined) {
        const loading = patiently.execute(() => this.load(namespace, pool, engineId));
        // Who awaits it in turn hears of the failure.
        loading.catch(() => {});
        ahead.push(loading);
      }
      if (engineId !== undefined && ahead.length < LOAD_AHEAD) continue;
      const engine = await ahead.shift();
      if (engine) yield engine;
    }
  }

  append(namespace: string, pool: string, delta: StoredDelta): Promise<boolean> {
    const record = packDelta(delta);
    const keys = engineKeys(namespace, pool, delta.engineId);
    return this.call(async () => {
      const { incarnation, sequence, engineSequence, cleared } = delta;
      const waiting = { keys, incarnation, sequence, engineSequence, cleared, record };
      const answer = await this.budget.run(record.length, () => this.batches.add(waiting));
      if (!answer.accepted) {
        this.totals.refused++;
        return false;
      }
      this.totals.appended++;
      const most = Math.max(this.foldAboveBytes, answer.snapshotBytes * FOLD_ABOVE_SHARE);
      if (answer.logBytes > most) this.folding.add(keys.head, () => this.fold(keys, delta.engineId));
      return true;
    });
  }

  replace(namespace: string, pool: string, engine: StoredEngine): Promise<boolean> {
    const snapshot = packSnapshot({ windowBlocks: engine.windowBlocks ?? 0, blocks: engine.blocks });
    const facts = JSON.stringify(engine.facts);
    const keys = engineKeys(namespace, pool, engine.engineId);
    return this.call(async () => {
      this.batches.flush();
      const write = () => this.commands.replace(keys, engine, facts, snapshot, this.ttlMs);
      const isReplaced = await this.budget.run(snapshot.length, write);
      if (isReplaced) this.totals.replaced++;
      else this.totals.replaceRefused++;
      return isReplaced;
    });
  }

  remove(namespace: string, pool: string, engineId: string, incarnation?: number): Promise<void> {
    const keys = engineKeys(namespace, pool, engineId);
    return this.call(() => {
      this.batches.flush();
      return this.commands.remove(keys, incarnation, FENCE_MS);
    });
  }

  probe(): Promise<void> {
    const keys = engineKeys('', '', this.probeId);
    return this.call(async () => {
      const incarnation = ++this.probes;
      const snapshot = packSnapshot({ windowBlocks: 0, blocks: [] });
      const position = { incarnation, sequence: 0, engineSequence: 0 };
      await this.commands.replace(keys, position, '{}', snapshot, PROBE_TTL_MS);
      const loaded = await this.read(keys, this.probeId);
      // A newer probe of ours may have overtaken this one.
      if ((loaded?.engine.incarnation ?? 0) < incarnation)
        throw new Error('what was written cannot be read back');
    });
  }

  /** Totals for metrics, as of now. */
  counters(): Readonly<StoreCounters> {
    return { ...this.totals };
  }

  async close(): Promise<void> {
    this.batches.flush();
    await this.folding.close();
    await this.connection.close();
  }

  /** Shrinks the log; whoever else folded or replaced it meanwhile wins. False when Redis failed. */
  private async fold(keys: EngineKeys, engineId: string): Promise<boolean> {
    try {
      await this.call(async () => {
        const loaded = await this.read(keys, engineId);
        if (!loaded || loaded.logRecords === 0) return;
        const { engine, base, logRecords: records, logBytes: bytes } = loaded;
        const snapshot = packSnapshot({ windowBlocks: engine.windowBlocks ?? 0, blocks: engine.blocks });
        const from = { incarnation: engine.incarnation, base, records, bytes };
        const isFolded = await this.commands.fold(keys, from, engine.sequence, snapshot, this.ttlMs);
        if (isFolded) this.totals.folded++;
      });
      return true;
    } catch (error) {
      this.log.warn({ engine: engineId, error: (error as Error).message }, 'a log was not folded');
      return false;
    }
  }

  /** Damaged state is dropped: it can be rebuilt, and must not be believed. */
  private async read(keys: EngineKeys, engineId: string): Promise<LoadedEngine | undefined> {
    this.batches.flush();
    try {
      return readLoadedEngine(engineId, await this.commands.load(keys));
    } catch (error) {
      if (!(error instanceof CorruptError)) throw error;
      this.totals.corrupt++;
      this.log.warn(
        { engine: engineId, resource: keys.head, error: error.message },
        'stored blocks are damaged and were dropped',
      );
      await this.connection.client.del(keys.head, keys.snapshot, keys.log);
      return undefined;
    }
  }

  /** Of several that find it missing the first one names it. */
  private async epochAt(key: string): Promise<string> {
    const { client } = this.connection;
    const known = await client.get(key);
    if (known !== null) return known;
    await client.set(key, randomUUID(), 'NX');
    const epoch = await client.get(key);
    if (epoch === null) throw new Error('the epoch was lost as it was written');
    return epoch;
  }

  private async registered(namespace: string, pool: string): Promise<string[]> {
    this.batches.flush();
    const { client } = this.connection;
    const shards = await Promise.all(poolKeys(namespace, pool).map((key) => client.smembers(key)));
    return shards.flat().map(engineOfMember);
  }

  private async call<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.totals.failed++;
      throw this.connection.explain(error);
    }
  }
}
