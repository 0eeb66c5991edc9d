import type { StoredEvent } from './engine-events.js';
import { TIERS, type Tier } from './types.js';

/**
 * What a group needs of a prefix: `dense` every block, `window` only the last ones before a position, `other` something
 * that cannot be told from blocks (Mamba state, cross attention).
 */
export type GroupKind = 'dense' | 'window' | 'other';

/** A KV-cache group of an engine, as far as its events told. */
export interface CacheGroup {
  /** As the engine numbers it; null for events that name none. */
  readonly index: number | null;
  readonly kind: GroupKind;
  /** Our blocks per block of the group. */
  readonly multiple: number;
  /** Sliding window in tokens; 0 unless `kind` is `window`. */
  readonly window: number;
}

/** Attention kinds for which a prefix is usable exactly when all its blocks are there. */
const DENSE_KINDS = new Set(['full_attention', 'mla_attention', 'sink_full_attention']);
const WINDOW_KIND = 'sliding_window';
/** More than any model has; one bit of a mask each. */
const MAX_GROUPS = 31;
const UNNAMED: CacheGroup = { index: null, kind: 'dense', multiple: 1, window: 0 };

/**
 * The groups of one engine, each with a slot (a bit in masks), and which of them a block needs on a tier to count there:
 * every dense one that was named on any tier, once one was named on that tier; events that name no group are a group of
 * their own where they occur. Without dense groups the window groups stand in: all their blocks make a prefix usable, too.
 */
export class CacheGroups {
  private readonly groups: CacheGroup[] = [];
  private readonly slots = new Map<number | null, number>();
  private readonly seen = new Uint32Array(TIERS.length);
  /** By tier: slots a block needs there to be held densely, and for the windows. */
  readonly dense = new Uint32Array(TIERS.length);
  readonly window = new Uint32Array(TIERS.length);
  /** Grows whenever what a block needs may be another than before. */
  version = 0;
  /** Grows whenever a group becomes known or another one than before. */
  listVersion = 0;
  /** Blocks were taken over without their group: the first one that names itself is theirs. */
  private areAssumed = false;

  list(): readonly CacheGroup[] {
    return this.groups;
  }

  get size(): number {
    return this.groups.length;
  }

  /** Our blocks per largest block of any group. */
  get largestMultiple(): number {
    return this.groups.reduce((most, { multiple }) => Math.max(most, multiple), 1);
  }

  get(slot: number): CacheGroup {
    return this.groups[slot] as CacheGroup;
  }

  /** Slot of the group; -1 when nothing was stored for it yet. */
  find(index: number | undefined): number {
    return this.slots.get(index ?? null) ?? -1;
  }

  /** Slots of which blocks may be on the tier. */
  seenOn(tier: number): number {
    return this.seen[tier] as number;
  }

  /** Slot of the group of a stored event, after noting what it tells of its kind; -1 when there are too many groups. */
  learn(event: StoredEvent): number {
    const { groupIdx: index = null, slidingWindow = 0 } = event;
    if (this.areAssumed) this.identify(index);
    const slot = this.slots.get(index) ?? this.open({ ...UNNAMED, index });
    const known = this.groups[slot];
    if (!known) return -1;
    const isUnsized = event.specKind === WINDOW_KIND && slidingWindow === 0 && known.kind === 'window';
    const kind = isUnsized ? known.kind : (kindOf(event) ?? known.kind);
    const window = kind === 'window' ? Math.max(known.window, slidingWindow) : 0;
    if (kind !== known.kind || window !== known.window) this.change(slot, { ...known, kind, window });
    return slot;
  }

  /** The group has blocks of this many of ours; false when it is known to have others. */
  fits(slot: number, multiple: number): boolean {
    const known = this.get(slot);
    if (known.multiple === multiple) return true;
    if (this.seen.some((slots) => ((slots >>> slot) & 1) === 1)) return false;
    this.change(slot, { ...known, multiple });
    return true;
  }

  /** Takes over groups known from before, of which there are blocks on these tiers. */
  restore(groups: readonly CacheGroup[], tiers: Iterable<Tier>): void {
    this.areAssumed = groups.length === 0;
    for (const group of this.areAssumed ? [UNNAMED] : groups) {
      if (!this.slots.has(group.index)) this.open(group);
    }
    for (const tier of tiers) {
      for (const slot of this.slots.values()) this.note(TIERS.indexOf(tier), slot);
    }
  }

  /** A block of the group is on the tier. */
  note(tier: number, slot: number): void {
    const bit = 1 << slot;
    if (((this.seen[tier] as number) & bit) !== 0) return;
    this.seen[tier] = (this.seen[tier] as number) | bit;
    this.decide();
  }

  /** `KvDelta.windowBlocks` with blocks of this many tokens. */
  windowBlocks(blockSize: number): number {
    if (blockSize === 0 || !this.groups.some(({ kind }) => kind === 'dense')) return 0;
    const windows = this.groups.filter(({ kind }) => kind === 'window');
    return Math.max(0, ...windows.map(({ window }) => Math.ceil((window - 1) / blockSize)));
  }

  clear(): void {
    this.groups.length = 0;
    this.slots.clear();
    this.seen.fill(0);
    this.areAssumed = false;
    this.listVersion++;
    this.decide();
  }

  private identify(index: number | null): void {
    this.areAssumed = false;
    const slot = this.slots.get(null);
    if (slot === undefined || index === null) return;
    this.slots.delete(null);
    this.slots.set(index, slot);
    this.change(slot, { ...this.get(slot), index });
  }

  private open(group: CacheGroup): number {
    if (this.groups.length === MAX_GROUPS) return -1;
    const slot = this.groups.push(group) - 1;
    this.slots.set(group.index, slot);
    this.listVersion++;
    this.decide();
    return slot;
  }

  private change(slot: number, group: CacheGroup): void {
    this.groups[slot] = group;
    this.listVersion++;
    this.decide();
  }

  private decide(): void {
    const before = `${this.dense}/${this.window}`;
    const named = { dense: 0, window: 0, other: 0 };
    for (const [slot, { kind, index }] of this.groups.entries()) if (index !== null) named[kind] |= 1 << slot;
    const unnamed = this.slots.get(null);
    for (let tier = 0; tier < TIERS.length; tier++) {
      const seen = this.seen[tier] as number;
      const need = { dense: 0, window: 0, other: 0 };
      if ((seen & (named.dense | named.window)) !== 0) Object.assign(need, named);
      if (unnamed !== undefined && (seen & (1 << unnamed)) !== 0) {
        need[(this.groups[unnamed] as CacheGroup).kind] |= 1 << unnamed;
      }
      this.dense[tier] = need.dense === 0 ? need.window : need.dense;
      this.window[tier] = need.dense === 0 ? 0 : need.window;
    }
    if (`${this.dense}/${this.window}` !== before) this.version++;
  }
}

/**
 * Kind of the group that an event is of; undefined when it does not say. A window of unknown size needs every block, as
 * far as can be told.
 */
export function kindOf({ specKind, slidingWindow = 0 }: StoredEvent): GroupKind | undefined {
  if (specKind === undefined) return undefined;
  if (DENSE_KINDS.has(specKind)) return 'dense';
  if (specKind !== WINDOW_KIND) return 'other';
  return slidingWindow > 0 ? 'window' : 'dense';
}
