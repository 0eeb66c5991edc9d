/*
 * Layout of the arena's columns: 32-bit words, little-endian. A record's number is also its place: number × words per record.
 * Number 0 is never given, so that 0 says "none".
 */

/** Words of the control column; the first two are `SharedLock`'s. */
export const GENERATION = 2;
/** Bits of a hash that choose an entry of the directory. */
export const DIRECTORY_BITS = 3;
export const SEGMENTS_USED = 4;
export const ROWS_USED = 5;
export const ROWS_FREE = 6;
export const ROWS_LIVE = 7;
export const CELLS_USED = 8;
export const CELLS_FREE = 9;
export const DENSE_USED = 10;
export const DENSE_FREE = 11;
export const PLANES_USED = 12;
export const PLANES_FREE = 13;
/** Words of a plane: slots / 32. */
export const PLANE_WORDS = 14;
export const SLOTS_USED = 15;
export const STORAGE_ALIVE = 16;
export const HYBRID_ALIVE = 17;
export const PAIRS = 18;
export const EPOCH = 19;
export const LOG_WORDS = 20;
export const LOG_VERSION = 21;
/** Grows whenever a name gets a slot or loses it. */
export const SLOTS_VERSION = 22;
export const CONTROL_WORDS = 64;

/** Doubles behind them. */
export const REFUSED = 0;
export const EVICTED = 1;
export const COLLISIONS = 2;
export const BYTES = 3;
export const TALLIES = 8;

/** An entry of the directory: its segment, and from bit 24 on how many bits of the hash all blocks in that share. */
export const SEGMENT_MASK = 0xffffff;
export const DEPTH_SHIFT = 24;
/** A segment: pairs of a block's row and its hash. */
export const SEGMENT_SLOTS = 512;
export const SEGMENT_WORDS = 1024;
export const SEGMENT_SHIFT = 10;

/** A block: two halves of its key, its check bits, … */
export const ROW_SHIFT = 3;
export const ROW_WORDS = 8;
export const ROW_CHECK = 2;
/** … the next of the free rows, … */
export const ROW_FREE = 3;
/** … a holder: slot, cell bits from bit 16, and the block's stamp from bit 24; no bits = no holder here, … */
export const ROW_HOLDER = 4;
/** … the first cell of further holders, `DENSE_FLAG` with a dense row's number, or `FREE_ROW`, … */
export const ROW_MORE = 5;
/** … and its neighbours in the list of that holder's blocks. */
export const ROW_NEXT = 6;
export const ROW_PREVIOUS = 7;
export const FREE_ROW = 0x7fffffff;
export const DENSE_FLAG = 0x80000000;

/** A further holder of a block: the block, slot and bits as in `ROW_HOLDER`, next of the block, neighbours in the slot's list. */
export const CELL_WORDS = 5;
export const CELL_HOLDER = 1;
export const CELL_CHAIN = 2;
export const CELL_NEXT = 3;
export const CELL_PREVIOUS = 4;

/** A block with many holders: the block, how many, and one plane (a bit per slot) for each of the eight cell bits in use. */
export const DENSE_WORDS = 10;
export const DENSE_COUNT = 1;
export const DENSE_PLANES = 2;
export const CELL_BITS = 8;

/** A slot: first link of its list, its pairs, those of them on the list, sliding-window blocks, flags, number of its name. */
export const SLOT_WORDS = 8;
export const SLOT_HEAD = 0;
export const SLOT_PAIRS = 1;
export const SLOT_LISTED = 2;
export const SLOT_WINDOW = 3;
export const SLOT_FLAGS = 4;
export const SLOT_NAME = 5;
export const SLOT_ALIVE = 1;
export const SLOT_STORAGE = 2;
export const MAX_SLOTS = 65_536;

/** Masks of living slots, one plane each: engines, storage, engines of hybrid models. */
export const ENGINE_MASK = 0;
export const STORAGE_MASK = 1;
export const HYBRID_MASK = 2;
export const MASKS = 3;

/** A name: its slot plus 1, sync state, and as two halves of a whole number when it was heard of, incarnation and sequence. */
export const NAME_WORDS = 8;
export const NAME_SYNC = 1;
export const NAME_HEARD = 2;
export const NAME_INCARNATION = 4;
export const NAME_SEQUENCE = 6;

/** Bits of `TIERS` in a cell: held by every dense group; the same of sliding-window groups from bit 4 on. */
export const DENSE_BITS = 0x0f;
export const WINDOW_SHIFT = 4;
