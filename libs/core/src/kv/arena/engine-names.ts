import type { ArenaColumns } from './arena-columns.js';
import {
  LOG_VERSION,
  LOG_WORDS,
  NAME_HEARD,
  NAME_INCARNATION,
  NAME_SEQUENCE,
  NAME_SYNC,
  NAME_WORDS,
  SLOTS_VERSION,
} from './layout.js';

/** `synced`: every change told so far is in the index. `waiting`: its blocks are dropped until a snapshot comes. */
export type SyncState = 'synced' | 'waiting';

/** How far an engine's cache is followed. */
export interface SyncEntry {
  readonly state: SyncState;
  /** When anything current was heard of it, by the clock of whoever follows, in whole milliseconds. */
  readonly heardMs: number;
  /** Life of its cache that is followed. */
  readonly incarnation: number;
  /** Last delta contained; 0 before the first. */
  readonly sequence: number;
}

const STATES: readonly (SyncState | undefined)[] = [undefined, 'synced', 'waiting'];
/** In place of a length: the number has no name any more. */
const FORGOTTEN = 0xffffffff;
const HALF = 2 ** 32;
/** A log of more words than this, most of them outdated, is written anew. */
const LONG_LOG = 4096;

/**
 * Numbers for the names of holders, with the slot and the sync state of each. Names travel to a reading thread through a log
 * in a column: entries of number, length and UTF-16 code units, two a word.
 */
export class EngineNames {
  private readonly ids = new Map<string, number>();
  private readonly byId: (string | undefined)[] = [];
  private readonly free: number[] = [];
  /** Words of the log that are in force. */
  private live = 0;
  private read = 0;
  private version = 0;

  constructor(private readonly columns: ArenaColumns) {}

  /** -1 when the holder has none. */
  slotOf(name: string): number {
    const id = this.ids.get(name);
    return id === undefined ? -1 : (this.columns.names.words[id * NAME_WORDS] as number) - 1;
  }

  nameOf(id: number): string {
    return this.byId[id] as string;
  }

  /** Names with a slot. */
  *holding(): IterableIterator<string> {
    for (const [name, id] of this.ids) if (this.columns.names.words[id * NAME_WORDS] !== 0) yield name;
  }

  /** Names with a sync state. */
  *followed(): IterableIterator<string> {
    for (const [name, id] of this.ids)
      if (this.columns.names.words[id * NAME_WORDS + NAME_SYNC] !== 0) yield name;
  }

  sync(name: string): SyncEntry | undefined {
    const id = this.ids.get(name);
    if (id === undefined) return undefined;
    const words = this.columns.names.words;
    const at = id * NAME_WORDS;
    const state = STATES[words[at + NAME_SYNC] as number];
    if (state === undefined) return undefined;
    return {
      state,
      heardMs: wholeAt(words, at + NAME_HEARD),
      incarnation: wholeAt(words, at + NAME_INCARNATION),
      sequence: wholeAt(words, at + NAME_SEQUENCE),
    };
  }

  /** Returns the name's number. */
  setSlot(name: string, slot: number): number {
    const id = this.open(name);
    this.columns.names.words[id * NAME_WORDS] = slot + 1;
    this.slotsChanged();
    return id;
  }

  clearSlot(name: string): void {
    const id = this.ids.get(name);
    if (id === undefined) return;
    this.columns.names.words[id * NAME_WORDS] = 0;
    this.slotsChanged();
    this.closeUnused(name, id);
  }

  setSync(name: string, { state, heardMs, incarnation, sequence }: SyncEntry): void {
    const id = this.open(name);
    const words = this.columns.names.words;
    const at = id * NAME_WORDS;
    words[at + NAME_SYNC] = STATES.indexOf(state);
    setWhole(words, at + NAME_HEARD, heardMs);
    setWhole(words, at + NAME_INCARNATION, incarnation);
    setWhole(words, at + NAME_SEQUENCE, sequence);
  }

  forgetSync(name: string): void {
    const id = this.ids.get(name);
    if (id === undefined) return;
    this.columns.names.words[id * NAME_WORDS + NAME_SYNC] = 0;
    this.closeUnused(name, id);
  }

  /** Takes in what another thread wrote to the log. */
  readLog(): void {
    const { control } = this.columns;
    const end = control[LOG_WORDS] as number;
    const version = control[LOG_VERSION] as number;
    if (this.version !== version) {
      this.version = version;
      this.read = 0;
      this.ids.clear();
      this.byId.length = 0;
    }
    const words = this.columns.log.words;
    while (this.read < end) {
      const id = words[this.read] as number;
      const length = words[this.read + 1] as number;
      this.read += 2;
      if (length === FORGOTTEN) {
        this.ids.delete(this.byId[id] as string);
        this.byId[id] = undefined;
        continue;
      }
      let name = '';
      for (let i = 0; i < length; i++) {
        const pair = words[this.read + (i >>> 1)] as number;
        name += String.fromCharCode((i & 1) === 0 ? pair & 0xffff : pair >>> 16);
      }
      this.read += (length + 1) >>> 1;
      this.ids.set(name, id);
      this.byId[id] = name;
    }
  }

  private slotsChanged(): void {
    const { control } = this.columns;
    control[SLOTS_VERSION] = (control[SLOTS_VERSION] as number) + 1;
  }

  private open(name: string): number {
    const known = this.ids.get(name);
    if (known !== undefined) return known;
    const id = this.free.pop() ?? this.byId.length;
    this.columns.grow(this.columns.names, (id + 1) * NAME_WORDS);
    this.columns.names.words.fill(0, id * NAME_WORDS, (id + 1) * NAME_WORDS);
    this.ids.set(name, id);
    this.byId[id] = name;
    this.write(id, name);
    return id;
  }

  private closeUnused(name: string, id: number): void {
    const words = this.columns.names.words;
    if (words[id * NAME_WORDS] !== 0 || words[id * NAME_WORDS + NAME_SYNC] !== 0) return;
    this.ids.delete(name);
    this.byId[id] = undefined;
    this.free.push(id);
    this.live -= sizeOf(name);
    this.append(id, FORGOTTEN);
    this.shorten();
  }

  private write(id: number, name: string): void {
    this.live += sizeOf(name);
    this.append(id, name.length);
    const { control } = this.columns;
    const from = control[LOG_WORDS] as number;
    this.columns.grow(this.columns.log, from + name.length);
    const words = this.columns.log.words;
    for (let i = 0; i < name.length; i += 2) {
      const second = i + 1 < name.length ? name.charCodeAt(i + 1) : 0;
      words[from + i / 2] = name.charCodeAt(i) | (second << 16);
    }
    control[LOG_WORDS] = from + ((name.length + 1) >>> 1);
  }

  private append(id: number, length: number): void {
    const { control } = this.columns;
    const from = control[LOG_WORDS] as number;
    this.columns.grow(this.columns.log, from + 2);
    this.columns.log.words[from] = id;
    this.columns.log.words[from + 1] = length;
    control[LOG_WORDS] = from + 2;
  }

  private shorten(): void {
    const { control } = this.columns;
    const length = control[LOG_WORDS] as number;
    if (length < LONG_LOG || length < 4 * this.live) return;
    control[LOG_WORDS] = 0;
    control[LOG_VERSION] = (control[LOG_VERSION] as number) + 1;
    this.live = 0;
    for (const [name, id] of this.ids) this.write(id, name);
  }
}

/** Words of an entry. */
function sizeOf(name: string): number {
  return 2 + ((name.length + 1) >>> 1);
}

function wholeAt(words: Uint32Array, at: number): number {
  return (words[at + 1] as number) * HALF + (words[at] as number);
}

function setWhole(words: Uint32Array, at: number, value: number): void {
  const whole = Math.max(0, Math.floor(value));
  words[at] = whole % HALF;
  words[at + 1] = Math.floor(whole / HALF);
}
