import type { SyncState } from './arena/engine-names.js';
import { isStorageHolder } from './holders.js';
import type { PrefixIndex } from './prefix-index.js';
import { type KvSnapshotPart, SnapshotAssembly } from './snapshot-assembly.js';
import type { KvDelta } from './types.js';

export type { SyncState } from './arena/engine-names.js';

/** What an update did. */
export type ReplicaOutcome =
  | 'applied'
  /** Already contained. */
  | 'duplicate'
  /** Of an earlier life of the engine, or of an engine that is gone. */
  | 'stale'
  /** Changes are missing before it: the engine's blocks were dropped. */
  | 'gap'
  /** Kept until the snapshot, or the other parts of it, arrive. */
  | 'parked'
  /** Breaks the rules of the format. */
  | 'refused';

export interface EngineSync {
  readonly engineId: string;
  /** `synced`: every change up to `sequence` is in the index. `waiting`: its blocks are dropped until a snapshot comes. */
  readonly state: SyncState;
  readonly incarnation: number;
  /** Last delta contained; 0 before the first. */
  readonly sequence: number;
  /** Milliseconds since anything current was heard of the engine's cache. */
  readonly ageMs: number;
}

export interface KvReplicaOptions {
  /** Keys of deltas kept per engine while it waits for its snapshot. */
  readonly maxParkedKeys?: number;
}

interface EngineState {
  incarnation: number;
  sequence: number;
  /** Newest delta or snapshot heard of in this incarnation, applied or not. */
  newest: number;
  state: SyncState;
  windowBlocks: number;
  heardMs: number;
  readonly assembly: SnapshotAssembly;
  readonly parked: Map<number, KvDelta>;
  parkedKeys: number;
}

/** Engines remembered after they are gone, so that late events of that life change nothing. */
const MAX_GONE = 10_000;

/**
 * Keeps a `PrefixIndex` equal to what the ingesters publish, under loss, repetition and reordering of updates.
 * It may lack blocks (until the next snapshot), it never keeps one whose removal it could have missed.
 */
export class KvReplica {
  private readonly states = new Map<string, EngineState>();
  private readonly gone = new Map<string, number>();
  private readonly maxParkedKeys: number;

  constructor(
    readonly index: PrefixIndex,
    options: KvReplicaOptions = {},
  ) {
    this.maxParkedKeys = options.maxParkedKeys ?? 262_144;
  }

  /** Applies a delta; `nowMs` is the caller's clock. */
  applyDelta(delta: KvDelta, nowMs: number): ReplicaOutcome {
    if (!isPosition(delta.incarnation, delta.sequence) || delta.sequence < 1) return 'refused';
    const engine = this.enter(delta.engineId, delta.incarnation, nowMs);
    if (!engine) return 'stale';
    if (engine.state === 'synced' && delta.sequence <= engine.sequence) {
      this.note(delta.engineId, engine);
      return 'duplicate';
    }
    engine.newest = Math.max(engine.newest, delta.sequence);
    if (delta.sequence === engine.sequence + 1 && (engine.state === 'synced' || engine.sequence === 0)) {
      this.write(engine, delta);
      return this.catchUp(delta.engineId, engine) ? 'applied' : 'gap';
    }
    const gap = engine.state === 'synced';
    if (gap) this.lose(delta.engineId, engine);
    else this.note(delta.engineId, engine);
    this.park(engine, delta);
    return gap ? 'gap' : 'parked';
  }

  /** A delta came that cannot be read: what it changed is missing from now on. */
  missed(delta: Pick<KvDelta, 'engineId' | 'incarnation' | 'sequence'>, nowMs: number): void {
    if (!isPosition(delta.incarnation, delta.sequence)) return;
    const engine = this.enter(delta.engineId, delta.incarnation, nowMs);
    if (!engine || (engine.state === 'synced' && delta.sequence <= engine.sequence)) return;
    engine.newest = Math.max(engine.newest, delta.sequence);
    this.lose(delta.engineId, engine);
  }

  /** Applies a snapshot or a part of one. */
  applySnapshot(part: KvSnapshotPart, nowMs: number): ReplicaOutcome {
    if (!isPosition(part.incarnation, part.sequence)) return 'refused';
    const engine = this.enter(part.engineId, part.incarnation, nowMs);
    if (!engine) return 'stale';
    if (engine.state === 'synced' && part.sequence <= engine.sequence) {
      this.note(part.engineId, engine);
      return 'duplicate';
    }
    engine.newest = Math.max(engine.newest, part.sequence);
    const complete = engine.assembly.add(part);
    if (!complete) {
      if (engine.state === 'synced') this.lose(part.engineId, engine);
      else this.note(part.engineId, engine);
      return 'parked';
    }
    this.empty(part.engineId, engine);
    this.setWindow(part.engineId, engine, part.windowBlocks);
    for (const { tiers } of complete) {
      for (const { tier, window, ...blocks } of tiers)
        this.index.store(part.engineId, tier, blocks, { window });
    }
    engine.sequence = part.sequence;
    return this.catchUp(part.engineId, engine) ? 'applied' : 'gap';
  }

  /**
   * The engine left: its blocks are dropped and late updates of this life are ignored. With `incarnation`, its last one,
   * a life that began after it stays: the news of the end may come later than those of the next life.
   */
  engineGone(engineId: string, incarnation?: number): void {
    const engine = this.states.get(engineId);
    const last = incarnation ?? engine?.incarnation;
    if (last === undefined) return;
    if (!engine || engine.incarnation <= last) {
      this.index.clear(engineId);
      this.index.forgetSync(engineId);
      this.states.delete(engineId);
    }
    const known = this.gone.get(engineId) ?? -1;
    this.gone.delete(engineId);
    this.gone.set(engineId, Math.max(known, last));
    if (this.gone.size > MAX_GONE) this.gone.delete(this.gone.keys().next().value as string);
  }

  /**
   * Everything may have been missed (the transport lost its place): every engine waits for its next snapshot, but for those
   * whose deltas do not come that way.
   */
  lostTrack(except: ReadonlySet<string> = new Set()): void {
    for (const [engineId, engine] of this.states) if (!except.has(engineId)) this.lose(engineId, engine);
  }

  /**
   * Forgets storage of which nothing was heard for longer than `silentMs`: while nobody tells what was deleted there, none
   * of it can be promised. It comes back with its next snapshot. Returns how many were forgotten.
   */
  forgetSilentStorage(nowMs: number, silentMs: number): number {
    let forgotten = 0;
    for (const [holder, { heardMs }] of this.states) {
      if (!isStorageHolder(holder) || nowMs - heardMs <= silentMs) continue;
      this.index.clear(holder);
      this.index.forgetSync(holder);
      this.states.delete(holder);
      forgotten++;
    }
    return forgotten;
  }

  sync(engineId: string, nowMs: number): EngineSync | undefined {
    const engine = this.states.get(engineId);
    if (!engine) return undefined;
    const { incarnation, sequence, state } = engine;
    return { engineId, state, incarnation, sequence, ageMs: Math.max(0, nowMs - engine.heardMs) };
  }

  /** Whether every change of the engine's cache is in the index; as `sync`, for use once per engine and decision. */
  isSynced(engineId: string): boolean {
    return this.states.get(engineId)?.state === 'synced';
  }

  /** Engines and storage. */
  engines(): IterableIterator<string> {
    return this.states.keys();
  }

  /** The engine's state when `incarnation` is its current life; a newer one drops the blocks of the one before. */
  private enter(engineId: string, incarnation: number, nowMs: number): EngineState | undefined {
    if (incarnation <= (this.gone.get(engineId) ?? -1)) return undefined;
    const known = this.states.get(engineId);
    if (known && incarnation < known.incarnation) return undefined;
    if (known && incarnation === known.incarnation) {
      known.heardMs = nowMs;
      return known;
    }
    this.index.clear(engineId);
    const fresh: EngineState = {
      incarnation,
      sequence: 0,
      newest: 0,
      state: 'waiting',
      windowBlocks: 0,
      heardMs: nowMs,
      assembly: new SnapshotAssembly(),
      parked: new Map(),
      parkedKeys: 0,
    };
    this.states.set(engineId, fresh);
    return fresh;
  }

  private write(engine: EngineState, delta: KvDelta): void {
    const { engineId } = delta;
    if (delta.cleared) this.empty(engineId, engine);
    this.setWindow(engineId, engine, delta.windowBlocks);
    for (const { tier, window, removed } of delta.changes)
      this.index.remove(engineId, tier, removed, { window });
    for (const { tier, window, stored: keys, storedChecks: checks } of delta.changes) {
      this.index.store(engineId, tier, { keys, checks }, { window });
    }
    engine.sequence = delta.sequence;
  }

  /** Before anything is stored: a reader on another thread must not take a hybrid model's blocks for those of a dense one. */
  private setWindow(engineId: string, engine: EngineState, windowBlocks = 0): void {
    if (windowBlocks === engine.windowBlocks) return;
    this.index.setWindowBlocks(engineId, windowBlocks);
    engine.windowBlocks = windowBlocks;
  }

  private empty(engineId: string, engine: EngineState): void {
    this.index.clear(engineId);
    engine.windowBlocks = 0;
  }

  /** Lets readers of the index see how the engine is followed. */
  private note(engineId: string, engine: EngineState): void {
    this.index.setSync(engineId, engine);
  }

  /** Applies parked deltas that continue the state; false when changes before the newest one are still missing. */
  private catchUp(engineId: string, engine: EngineState): boolean {
    for (let next = this.unpark(engine); next; next = this.unpark(engine)) this.write(engine, next);
    for (const sequence of engine.parked.keys()) {
      if (sequence <= engine.sequence) this.forget(engine, sequence);
    }
    if (engine.sequence < engine.newest) {
      this.lose(engineId, engine);
      return false;
    }
    engine.state = 'synced';
    this.note(engineId, engine);
    return true;
  }

  /** Drops the blocks. A life whose first delta is still to come stays at 0: from there it can be followed without a snapshot. */
  private lose(engineId: string, engine: EngineState): void {
    this.empty(engineId, engine);
    engine.state = 'waiting';
    this.note(engineId, engine);
  }

  private unpark(engine: EngineState): KvDelta | undefined {
    return engine.parked.get(engine.sequence + 1);
  }

  private park(engine: EngineState, delta: KvDelta): void {
    if (engine.parked.has(delta.sequence)) return;
    engine.parked.set(delta.sequence, delta);
    engine.parkedKeys += keysIn(delta);
    for (const sequence of engine.parked.keys()) {
      if (engine.parkedKeys <= this.maxParkedKeys) return;
      this.forget(engine, sequence);
    }
  }

  private forget(engine: EngineState, sequence: number): void {
    const delta = engine.parked.get(sequence);
    if (!delta) return;
    engine.parked.delete(sequence);
    engine.parkedKeys -= keysIn(delta);
  }
}

function keysIn(delta: KvDelta): number {
  return delta.changes.reduce((sum, change) => sum + change.stored.length + change.removed.length, 1);
}

function isPosition(incarnation: number, sequence: number): boolean {
  return (
    Number.isSafeInteger(incarnation) && incarnation >= 0 && Number.isSafeInteger(sequence) && sequence >= 0
  );
}
