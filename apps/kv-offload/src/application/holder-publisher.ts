import { kvBatchId, packKvDeltas, packKvSnapshot } from '@penstock/contracts';
import { type KvDelta, nodeHolder, objectStoreHolder, splitSnapshot } from '@penstock/core/kv';
import type { Clock, EventBus } from '@penstock/core/ports';
import { type ChunkLedger, type HolderChange, type Place, S3 } from '@penstock/core/tiering';
import { parseScope } from './scope.js';

export interface HolderSettings {
  readonly snapshotIntervalMs: number;
  readonly snapshotMaxIntervalMs: number;
  readonly snapshotPartBlocks: number;
}

/** A node's name, or this for S3. */
export const OBJECT_STORE = '';

/** About 2 MB of messages; with a call every 200 ms no holder waits long. */
const SNAPSHOT_BLOCKS_PER_CALL = 200_000;

/** Shortest time between two changes of our life. */
const OUTLIVE_MS = 1_000;

interface Holder {
  readonly id: string;
  readonly owner: string;
  readonly scope: string;
  readonly namespace: string;
  readonly pool: string;
  sequence: number;
  snapshotMs: number;
  snapshotSequence: number;
}

/**
 * Tells the other services what storage holds, as `kv.delta` and `kv.snapshot` of holders that are no engines. A holder
 * begins with a snapshot once everything of it is known: until then what an earlier leader said of it stands.
 */
export class HolderPublisher {
  deltas = 0;
  snapshots = 0;
  private readonly holders = new Map<string, Holder>();
  private readonly open = new Set<string>();
  private newestHeard = 0;
  private outlivedMs = Number.NEGATIVE_INFINITY;
  /** Where holders of forgotten nodes stopped: if one comes back, it goes on from there. */
  private readonly retired = new Map<string, number>();
  /** Holders of whom other leaders spoke, by owner. */
  private readonly inherited = new Map<string, Set<string>>();

  constructor(
    private readonly ledger: ChunkLedger,
    private readonly bus: EventBus,
    private readonly clock: Clock,
    private readonly settings: HolderSettings,
    /** Our name as who speaks for storage. */
    private readonly ingester: string,
    /** Life under which everything is published; larger than that of every leader before. */
    private incarnation: number,
  ) {}

  /** Incarnation under which everything is published. */
  get life(): number {
    return this.incarnation;
  }

  /** Tells what changed since the last call. */
  publishChanges(): void {
    const byHolder = new Map<Holder, HolderChange[]>();
    for (const change of this.ledger.takeChanges()) {
      const owner = change.place.node ?? OBJECT_STORE;
      const holder = this.open.has(owner) ? this.holder(owner, change.scope) : undefined;
      if (holder) byHolder.set(holder, [...(byHolder.get(holder) ?? []), change]);
    }
    const byScope = new Map<string, { holder: Holder; deltas: KvDelta[] }>();
    for (const [holder, changes] of byHolder) {
      const delta = this.step(holder, changes);
      if (!delta) continue;
      const known = byScope.get(holder.scope);
      if (known) known.deltas.push(delta);
      else byScope.set(holder.scope, { holder, deltas: [delta] });
    }
    for (const { holder, deltas } of byScope.values()) this.publishDeltas(holder, deltas);
  }

  /** Everything that the node (or `OBJECT_STORE`) holds is known: from now on it is told. */
  begin(owner: string): void {
    this.publishChanges();
    if (this.open.has(owner)) return;
    this.open.add(owner);
    for (const place of placesOf(owner)) this.ledger.follow(place);
    const scopes = placesOf(owner).flatMap((place) => [...this.ledger.scopesAt(place)]);
    for (const scope of new Set([...scopes, ...(this.inherited.get(owner) ?? [])])) {
      const holder = this.holder(owner, scope);
      if (holder) this.publishSnapshot(holder, true);
    }
  }

  /** The owner is gone: it holds nothing. */
  forget(owner: string): void {
    this.begin(owner);
    for (const holder of this.holders.values()) {
      if (holder.owner !== owner) continue;
      this.publishSnapshot(holder, true);
      this.holders.delete(holder.id);
      this.retired.set(holder.id, holder.sequence);
    }
    this.open.delete(owner);
    this.inherited.delete(owner);
  }

  /** Whether somebody who speaks under this incarnation outlives us. */
  isOutlivedBy(incarnation: number): boolean {
    return incarnation >= this.incarnation;
  }

  /**
   * Somebody spoke of a holder: another leader, or we in an earlier term. Of one that only they knew we say what we know, and
   * we outlive them. Returns its owner; undefined when it is no storage.
   */
  heard(holderId: string, incarnation: number): string | undefined {
    const found = parseHolder(holderId);
    if (!found) return undefined;
    const { owner, scope } = found;
    const scopes = this.inherited.get(owner) ?? new Set();
    this.inherited.set(owner, scopes.add(scope));
    this.newestHeard = Math.max(this.newestHeard, incarnation);
    this.outlive();
    if (this.open.has(owner) && !this.holders.has(holderId)) {
      const holder = this.holder(owner, scope);
      if (holder) this.publishSnapshot(holder, true);
    }
    return owner;
  }

  /** Snapshots that are due: changed and not too soon, or too long ago; the longest waiting first. */
  publishDueSnapshots(): void {
    this.outlive();
    const nowMs = this.clock.nowMs();
    const due = [...this.holders.values()].filter(({ sequence, snapshotMs, snapshotSequence }) => {
      const interval = sequence === snapshotSequence ? 'snapshotMaxIntervalMs' : 'snapshotIntervalMs';
      return nowMs - snapshotMs >= this.settings[interval];
    });
    due.sort((a, b) => a.snapshotMs - b.snapshotMs);
    let blocks = 0;
    for (const holder of due) {
      if (blocks >= SNAPSHOT_BLOCKS_PER_CALL) return;
      blocks += this.publishSnapshot(holder, false);
    }
  }

  /** Whatever was published may be lost: every snapshot is due. */
  renewSnapshots(): void {
    for (const holder of this.holders.values()) holder.snapshotMs = Number.NEGATIVE_INFINITY;
  }

  /** Takes a life larger than that of whoever else spoke; two that do not give way to each other make no flood. */
  private outlive(): void {
    const nowMs = this.clock.nowMs();
    if (!this.isOutlivedBy(this.newestHeard) || nowMs - this.outlivedMs < OUTLIVE_MS) return;
    this.outlivedMs = nowMs;
    this.incarnation = this.newestHeard + 1;
    for (const holder of this.holders.values()) this.publishSnapshot(holder, true);
  }

  private holder(owner: string, scope: string): Holder | undefined {
    const ref = parseScope(scope);
    if (!ref) return undefined;
    const { namespace, pool } = ref;
    const id =
      owner === OBJECT_STORE ? objectStoreHolder(namespace, pool) : nodeHolder(namespace, pool, owner);
    const known = this.holders.get(id);
    if (known) return known;
    const sequence = this.retired.get(id) ?? 0;
    const position = { sequence, snapshotMs: Number.NEGATIVE_INFINITY, snapshotSequence: -1 };
    const holder: Holder = { id, owner, scope, namespace, pool, ...position };
    this.holders.set(id, holder);
    return holder;
  }

  /** The changes as the holder's next delta; undefined when they are too many for one and a snapshot tells them. */
  private step(holder: Holder, changes: readonly HolderChange[]): KvDelta | undefined {
    const blocks = changes.reduce((sum, { stored, removed }) => sum + stored.length + removed.length, 0);
    if (blocks > this.settings.snapshotPartBlocks) {
      this.publishSnapshot(holder, true);
      return undefined;
    }
    const { id: engineId } = holder;
    const { incarnation } = this;
    const sequence = ++holder.sequence;
    const tiers = changes.map(({ place, stored, removed }) => ({ tier: place.tier, stored, removed }));
    return { engineId, incarnation, sequence, cleared: false, changes: tiers };
  }

  private publishDeltas({ namespace, pool }: Holder, deltas: readonly KvDelta[]): void {
    const { ingester } = this;
    for (const data of packKvDeltas(ingester, deltas)) {
      this.bus.publish({ type: 'kv.delta', namespace, pool, key: ingester, id: kvBatchId(data), data });
      this.deltas++;
    }
  }

  /**
   * Publishes everything the holder has; returns how many blocks that is.
   * @param isStep whether it says something new, so that who misses it must see that it missed something
   */
  private publishSnapshot(holder: Holder, isStep: boolean): number {
    if (isStep) holder.sequence++;
    const { id: engine, owner, scope, namespace, pool, sequence } = holder;
    const { incarnation } = this;
    const tiers = placesOf(owner).map((place) => ({
      tier: place.tier,
      keys: this.ledger.heldAt(scope, place),
    }));
    // Parts of two publications may meet at a replica: they must be cut alike.
    for (const { keys } of tiers) if (keys.length > this.settings.snapshotPartBlocks) keys.sort();
    const snapshot = { engineId: engine, incarnation, sequence, tiers };
    const parts = splitSnapshot(snapshot, this.settings.snapshotPartBlocks);
    for (const [part, each] of parts.entries()) {
      const data = packKvSnapshot({ ...snapshot, part, parts: parts.length, tiers: each });
      // Each part has a subject of its own, so that "the last of every subject" is a whole snapshot.
      this.bus.publish({ type: 'kv.snapshot', namespace, pool, key: `${engine}/${part}`, data });
    }
    this.snapshots++;
    holder.snapshotMs = this.clock.nowMs();
    holder.snapshotSequence = sequence;
    return tiers.reduce((sum, { keys }) => sum + keys.length, 0);
  }
}

function placesOf(owner: string): Place[] {
  if (owner === OBJECT_STORE) return [S3];
  return [
    { tier: 'cpu', node: owner },
    { tier: 'ssd', node: owner },
  ];
}

/** Whose holder it is, and for which pool; undefined for an engine. */
function parseHolder(id: string): { owner: string; scope: string } | undefined {
  const [, scope, kind, node] = /^@([^/]+\/[^/]+)\/(?:(s3)|node\/(.+))$/.exec(id) ?? [];
  if (scope === undefined) return undefined;
  return { scope, owner: kind === 's3' ? OBJECT_STORE : (node as string) };
}
