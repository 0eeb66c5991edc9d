import { PrefixIndex, type ReadableIndex } from '@penstock/core/kv';

type Read<K extends keyof ReadableIndex> = ReadableIndex[K] extends (...args: infer A) => unknown ? A : never;

/** Reads the index that is there at the moment of the call; an empty one until the first is. */
export class SwappedIndex implements ReadableIndex {
  private current: ReadableIndex = new PrefixIndex();

  /** From now on reads this one; without, one that knows nothing. */
  use(index: ReadableIndex = new PrefixIndex()): void {
    this.current = index;
  }

  get blocks(): number {
    return this.current.blocks;
  }

  get holders(): number {
    return this.current.holders;
  }

  get refused(): number {
    return this.current.refused;
  }

  get evicted(): number {
    return this.current.evicted;
  }

  get collisions(): number {
    return this.current.collisions;
  }

  get bytes(): number {
    return this.current.bytes;
  }

  get storageHolders(): number {
    return this.current.storageHolders;
  }

  engines() {
    return this.current.engines();
  }

  followed() {
    return this.current.followed();
  }

  syncs() {
    return this.current.syncs();
  }

  sync(engineId: string) {
    return this.current.sync(engineId);
  }

  isSynced(engineId: string) {
    return this.current.isSynced(engineId);
  }

  blocksOf(engineId: string) {
    return this.current.blocksOf(engineId);
  }

  match(...args: Read<'match'>) {
    return this.current.match(...args);
  }

  matchTiered(...args: Read<'matchTiered'>) {
    return this.current.matchTiered(...args);
  }

  storedBehind(...args: Read<'storedBehind'>) {
    return this.current.storedBehind(...args);
  }

  holdersOf(key: bigint) {
    return this.current.holdersOf(key);
  }

  keysOf(...args: Read<'keysOf'>) {
    return this.current.keysOf(...args);
  }

  blocksOn(...args: Read<'blocksOn'>) {
    return this.current.blocksOn(...args);
  }
}
