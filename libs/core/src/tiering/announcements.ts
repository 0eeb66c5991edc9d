import { type Place, placeName } from './place.js';

/** Blocks that became usable, or stopped being so, at one place for the engines of one pool. */
export interface HolderChange {
  /** `<namespace>/<pool>`. */
  readonly scope: string;
  readonly place: Place;
  readonly stored: BigUint64Array;
  readonly removed: BigUint64Array;
}

interface Pending {
  readonly scope: string;
  readonly place: Place;
  /** Key → whether it was announced when last told. */
  readonly before: Map<bigint, boolean>;
}

/** Gathers what changed for holders since it was last taken; what changed back in between is not told. */
export class Announcements {
  private readonly pending = new Map<string, Pending>();

  /** The keys may change now; `isAnnounced` says how each stands before that. */
  note(scope: string, place: Place, keys: BigUint64Array, isAnnounced: (key: bigint) => boolean): void {
    const name = `${scope} ${placeName(place)}`;
    let pending = this.pending.get(name);
    if (!pending) {
      pending = { scope, place, before: new Map() };
      this.pending.set(name, pending);
    }
    for (const key of keys) {
      if (!pending.before.has(key)) pending.before.set(key, isAnnounced(key));
    }
  }

  take(isAnnounced: (scope: string, place: Place, key: bigint) => boolean): HolderChange[] {
    const changes: HolderChange[] = [];
    for (const { scope, place, before } of this.pending.values()) {
      const stored: bigint[] = [];
      const removed: bigint[] = [];
      for (const [key, was] of before) {
        const is = isAnnounced(scope, place, key);
        if (is !== was) (is ? stored : removed).push(key);
      }
      if (stored.length + removed.length === 0) continue;
      changes.push({
        scope,
        place,
        stored: BigUint64Array.from(stored),
        removed: BigUint64Array.from(removed),
      });
    }
    this.pending.clear();
    return changes;
  }
}
