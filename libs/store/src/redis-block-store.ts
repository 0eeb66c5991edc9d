import { randomUUID } from 'node:crypto';
import type { BlockStore, StoredDelta, StoredEngine } from '@penstock/core/ports';
import { CorruptError } from './packing/corrupt-error.js';
import { packDelta } from './packing/delta-record.js';
import { packSnapshot } from './packing/snapshot.js';
import { type LoadedEngine, readLoadedEngine } from './redis/loaded-engine.js';
import { RedisConnection } from './redis/redis-client.js';
import { type EngineKeys, EPOCH_KEY, engineKeys, poolKey } from './redis/redis-keys.js';
import type { RedisBlockStoreOptions } from './redis/redis-options.js';
import type { RedisScriptName } from './redis/redis-scripts.js';
import { type ScriptClient, ScriptRunner } from './redis/script-runner.js';
import { newCounters, type StoreCounters } from './store-counters.js';
import { SILENT_LOG, type StoreLog } from './store-log.js';

const DEFAULT_TTL_MS = 24 * 3600 * 1000;
const DEFAULT_FOLD_ABOVE_BYTES = 16 * 1024;
const PROBE_TTL_MS = 10_000;
/** Folds running at once in this process; the others wait for their engine's next delta. */
const MAX_FOLDS = 2;

/** Engine caches in Redis or Valkey: one packed snapshot and one packed log per engine. */
export class RedisBlockStore implements BlockStore {
  private readonly totals: StoreCounters = newCounters();
  private readonly connection: RedisConnection;
  private readonly scripts: ScriptRunner;
  private readonly log: StoreLog;
  private readonly ttlMs: number;
  private readonly foldAboveBytes: number;
  private readonly folding = new Map<string, Promise<void>>();
  private readonly probeId = `probe-${randomUUID()}`;
  private probes = 0;

  private constructor(options: RedisBlockStoreOptions) {
    this.log = options.log ?? SILENT_LOG;
    this.ttlMs = options.ttlMs ?? DEFAULT_TTL_MS;
    this.foldAboveBytes = options.foldAboveBytes ?? DEFAULT_FOLD_ABOVE_BYTES;
    this.connection = new RedisConnection(options);
    // ioredis has the Buffer variants of EVAL and EVALSHA but leaves them out of its types.
    this.scripts = new ScriptRunner(this.connection.client as unknown as ScriptClient, () => {
      this.totals.scriptReloads++;
    });
  }

  /** Returns at once and connects in the background, for ever; calls fail fast while Redis is away. */
  static connect(options: RedisBlockStoreOptions): RedisBlockStore {
    return new RedisBlockStore(options);
  }

  epoch(): Promise<string> {
    return this.call(async () => {
      const { client } = this.connection;
      const known = await client.get(EPOCH_KEY);
      if (known !== null) return known;
      // Of several that find it missing the first one names it.
      await client.set(EPOCH_KEY, randomUUID(), 'NX');
      const epoch = await client.get(EPOCH_KEY);
      if (epoch === null) throw new Error('the epoch was lost as it was written');
      return epoch;
    });
  }

  engines(namespace: string, pool: string): Promise<string[]> {
    return this.call(async () => {
      const { client } = this.connection;
      const registered = await client.smembers(poolKey(namespace, pool));
      const exists = await Promise.all(
        registered.map((engineId) => client.exists(engineKeys(namespace, pool, engineId).head)),
      );
      const forgotten = registered.filter((_, i) => exists[i] === 0);
      if (forgotten.length > 0) await client.srem(poolKey(namespace, pool), ...forgotten);
      return registered.filter((_, i) => exists[i] !== 0);
    });
  }

  async load(namespace: string, pool: string, engineId: string): Promise<StoredEngine | undefined> {
    const loaded = await this.call(() => this.read(engineKeys(namespace, pool, engineId), engineId));
    return loaded?.engine;
  }

  append(namespace: string, pool: string, delta: StoredDelta): Promise<boolean> {
    const record = packDelta(delta);
    const keys = engineKeys(namespace, pool, delta.engineId);
    return this.call(async () => {
      if (delta.sequence === 1) await this.register(namespace, pool, delta.engineId);
      const answer = await this.run('append', keys, [
        delta.incarnation,
        delta.sequence,
        delta.engineSequence,
        delta.sequence - 1,
        record.readUInt32LE(0),
        record,
        delta.cleared ? 1 : 0,
        this.ttlMs,
      ]);
      const [accepted, logBytes, snapshotBytes] = answer as [number, number, number];
      if (accepted !== 1) {
        this.totals.refused++;
        return false;
      }
      this.totals.appended++;
      if (logBytes > Math.max(this.foldAboveBytes, snapshotBytes / 2)) this.fold(keys, delta.engineId);
      return true;
    });
  }

  replace(namespace: string, pool: string, engine: StoredEngine): Promise<boolean> {
    const snapshot = packSnapshot(engine.blocks);
    const { incarnation, sequence, engineSequence } = engine;
    const facts = JSON.stringify(engine.facts);
    const keys = engineKeys(namespace, pool, engine.engineId);
    return this.call(async () => {
      await this.register(namespace, pool, engine.engineId);
      const args = [incarnation, sequence, engineSequence, facts, snapshot, this.ttlMs];
      const isReplaced = (await this.run('replace', keys, args)) === 1;
      if (isReplaced) this.totals.replaced++;
      else this.totals.replaceRefused++;
      return isReplaced;
    });
  }

  remove(namespace: string, pool: string, engineId: string): Promise<void> {
    const { head, snapshot, log } = engineKeys(namespace, pool, engineId);
    return this.call(async () => {
      const { client } = this.connection;
      await client.del(head, snapshot, log);
      await client.srem(poolKey(namespace, pool), engineId);
    });
  }

  probe(): Promise<void> {
    const keys = engineKeys('', '', this.probeId);
    return this.call(async () => {
      const incarnation = ++this.probes;
      const snapshot = packSnapshot([]);
      await this.run('replace', keys, [incarnation, 0, 0, '{}', snapshot, PROBE_TTL_MS]);
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
    await Promise.all(this.folding.values());
    await this.connection.close();
  }

  /** Shrinks the log in the background; whoever else folded or replaced it meanwhile wins. */
  private fold(keys: EngineKeys, engineId: string): void {
    if (this.folding.has(keys.head) || this.folding.size >= MAX_FOLDS) return;
    const work = this.call(async () => {
      const loaded = await this.read(keys, engineId);
      if (!loaded || loaded.logRecords === 0) return;
      const { engine, base, logRecords, logBytes } = loaded;
      const snapshot = packSnapshot(engine.blocks);
      const args = [engine.incarnation, base, engine.sequence, logRecords, logBytes, snapshot, this.ttlMs];
      if ((await this.run('fold', keys, args)) === 1) this.totals.folded++;
    });
    const done = work
      .catch((error: Error) =>
        this.log.warn({ engine: engineId, error: error.message }, 'a log was not folded'),
      )
      .finally(() => this.folding.delete(keys.head));
    this.folding.set(keys.head, done);
  }

  /** Damaged state is dropped: it can be rebuilt, and must not be believed. */
  private async read(keys: EngineKeys, engineId: string): Promise<LoadedEngine | undefined> {
    try {
      return readLoadedEngine(engineId, await this.run('load', keys, []));
    } catch (error) {
      const message = (error as Error).message;
      if (!(error instanceof CorruptError) && !message.includes('WRONGTYPE')) throw error;
      this.totals.corrupt++;
      this.log.warn(
        { engine: engineId, resource: keys.head, error: message },
        'stored blocks are damaged and were dropped',
      );
      await this.connection.client.del(keys.head, keys.snapshot, keys.log);
      return undefined;
    }
  }

  private run(
    name: RedisScriptName,
    keys: EngineKeys,
    args: ReadonlyArray<string | number | Buffer>,
  ): Promise<unknown> {
    return this.scripts.run(name, [keys.head, keys.snapshot, keys.log], args);
  }

  private async register(namespace: string, pool: string, engineId: string): Promise<void> {
    await this.connection.client.sadd(poolKey(namespace, pool), engineId);
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
