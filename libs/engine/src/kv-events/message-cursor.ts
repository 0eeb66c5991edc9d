import { Decoder, ExtData, type ExtensionCodecType } from '@msgpack/msgpack';
import type { Hash } from '@penstock/core/kv';
import type { KnownNames } from './known-names.js';
import { announcedSize, shapeOf } from './message-shapes.js';

/** Hashes of one event, in order. */
export interface HashList {
  readonly hashes: Hash[];
  /** How many values of the list are no hash. */
  readonly bad: number;
  /** For `digestAt`: where the last one lies; -1 when there is none. */
  readonly lastAt: number;
}

/** A value that was there and was not what was asked for; it is skipped. */
export const BAD = Symbol('bad value');

const MIN_DIGEST_BYTES = 8;
const MAX_DIGEST_BYTES = 64;
const NO_TOKENS: readonly number[] = [];

const NIL = 0xc0;
const BIN_8 = 0xc4;
const BIN_32 = 0xc6;
const FLOAT_64 = 0xcb;
const UINT_8 = 0xcc;
const UINT_16 = 0xcd;
const UINT_32 = 0xce;
const UINT_64 = 0xcf;
const INT_64 = 0xd3;

/** Extensions are opaque to us, and a malformed timestamp must not cost the batch. */
const opaqueExtensions: ExtensionCodecType<undefined> = {
  tryToEncode: () => null,
  decode: (data, type) => new ExtData(type, data),
};

const decoder = new Decoder({
  useBigInt64: true,
  extensionCodec: opaqueExtensions,
  mapKeyConverter: (key) => (typeof key === 'string' ? key : '(not a name)'),
});

/**
 * Goes through one message value by value. What an event is full of, hashes and token ids, is taken straight from the
 * bytes into the form in which it is used; any other value is left to the MessagePack library. Every method consumes
 * exactly one value, or one head where it says so.
 *
 * Nothing is checked against the end of the message: `messagePackProblem` must have found it sound.
 */
export class MessageCursor {
  private position = 0;
  private readonly view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly names: KnownNames,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Number of items when an array comes next, and passes its head; else undefined, and nothing is passed. */
  enterArray(): number | undefined {
    return this.enter(1);
  }

  /** Number of entries when a map comes next, and passes its head; else undefined, and nothing is passed. */
  enterMap(): number | undefined {
    return this.enter(2);
  }

  /** Passes one value with all that is in it. */
  skip(): void {
    const { bytes } = this;
    let { position } = this;
    for (let left = 1; left > 0; left--) {
      const head = bytes[position] as number;
      if (head < 0x80 || head >= 0xe0) {
        position += 1;
        continue;
      }
      const shape = shapeOf(head);
      const size = announcedSize(bytes, position, shape);
      position += 1 + shape.sizeBytes + shape.extraBytes;
      if (shape.childrenPerItem === 0) position += size;
      else left += size * shape.childrenPerItem;
    }
    this.position = position;
  }

  /** Any value, as the library gives it; `BAD` for a map with a key that the library forbids. */
  value(): unknown {
    const start = this.position;
    const head = this.bytes[start] as number;
    if (head === NIL) {
      this.position++;
      return null;
    }
    if (head < 0x80) {
      this.position++;
      return head;
    }
    if (head === FLOAT_64) {
      this.position += 9;
      return this.view.getFloat64(start + 1);
    }
    this.skip();
    const known = this.nameBetween(start, this.position);
    if (known !== undefined) {
      return known;
    }
    try {
      return decoder.decode(this.bytes.subarray(start, this.position));
    } catch {
      return BAD;
    }
  }

  /** The content when bytes come next, a window on the message; else undefined, and nothing is passed. */
  binary(): Uint8Array | undefined {
    const start = this.position;
    const head = this.bytes[start] as number;
    if (head < BIN_8 || head > BIN_32) {
      return undefined;
    }
    this.skip();
    return this.bytes.subarray(start + 1 + shapeOf(head).sizeBytes, this.position);
  }

  /**
   * A block hash as engines write it: a digest (its last 8 bytes count), an unsigned or a signed 64-bit integer
   * (SGLang; two's complement). Null for nil, `BAD` for anything else.
   */
  hash(): Hash | null | typeof BAD {
    const { bytes, view } = this;
    const at = this.position;
    const head = bytes[at] as number;
    if (head === UINT_64 || head === INT_64) {
      this.position += 9;
      return view.getBigUint64(at + 1);
    }
    if (head === BIN_8) {
      const size = bytes[at + 1] as number;
      this.position += 2 + size;
      return isDigestSize(size) ? view.getBigUint64(at + size - 6) : BAD;
    }
    const value = this.value();
    if (value === null) {
      return null;
    }
    // A longer head than the digest needs.
    if (value instanceof Uint8Array && isDigestSize(value.length)) {
      return view.getBigUint64(this.position - 8);
    }
    return Number.isSafeInteger(value) ? BigInt.asUintN(64, BigInt(value as number)) : BAD;
  }

  /** A list of block hashes; `BAD` when there is no list. */
  hashList(): HashList | typeof BAD {
    const size = this.enterArray();
    if (size === undefined) {
      this.skip();
      return BAD;
    }
    const hashes: Hash[] = [];
    let lastAt = -1;
    for (let i = 0; i < size; i++) {
      lastAt = this.position;
      const hash = this.hash();
      if (typeof hash === 'bigint') {
        hashes.push(hash);
      }
    }
    return { hashes, bad: size - hashes.length, lastAt };
  }

  /** The digest that lies at a position of a `HashList`, a window on the message; undefined when it is an integer. */
  digestAt(position: number): Uint8Array | undefined {
    const after = this.position;
    this.position = position;
    const digest = this.binary();
    this.position = after;
    return digest;
  }

  /** A list of token ids (whole numbers 0 … 2^32-1), nil as an empty one; `BAD` for anything else. */
  tokenIds(): readonly number[] | typeof BAD {
    const start = this.position;
    const size = this.enterArray();
    if (size === undefined) {
      return this.value() === null ? NO_TOKENS : BAD;
    }
    if (size === 0) {
      return NO_TOKENS;
    }
    // No typed array: one of this size costs more to allocate than to fill.
    const tokens = new Array<number>(size);
    const { bytes, view } = this;
    let at = this.position;
    for (let i = 0; i < size; i++) {
      const head = bytes[at] as number;
      if (head < 0x80) {
        tokens[i] = head;
        at += 1;
      } else if (head === UINT_16) {
        tokens[i] = ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
        at += 3;
      } else if (head === UINT_32) {
        tokens[i] = view.getUint32(at + 1);
        at += 5;
      } else if (head === UINT_8) {
        tokens[i] = bytes[at + 1] as number;
        at += 2;
      } else {
        this.position = at;
        const value = Number(numberOf(this.value()));
        if (value >>> 0 !== value) {
          this.position = start;
          this.skip();
          return BAD;
        }
        tokens[i] = value;
        at = this.position;
      }
    }
    this.position = at;
    return tokens;
  }

  private enter(childrenPerItem: number): number | undefined {
    const { bytes, position } = this;
    const head = bytes[position] as number;
    if (head < 0x80 || head >= 0xe0) {
      return undefined;
    }
    const shape = shapeOf(head);
    if (shape.childrenPerItem !== childrenPerItem) {
      return undefined;
    }
    this.position += 1 + shape.sizeBytes;
    return announcedSize(bytes, position, shape);
  }

  private nameBetween(start: number, end: number): string | undefined {
    const head = this.bytes[start] as number;
    if (head >= 0xa0 && head < 0xc0) {
      return this.names.at(this.bytes, start + 1, end - start - 1);
    }
    // msgspec writes every string of 32 bytes and more with a head of two.
    return head === 0xd9 ? this.names.at(this.bytes, start + 2, end - start - 2) : undefined;
  }
}

function isDigestSize(size: number): boolean {
  return size >= MIN_DIGEST_BYTES && size <= MAX_DIGEST_BYTES;
}

function numberOf(value: unknown): number | bigint {
  return typeof value === 'number' || typeof value === 'bigint' ? value : Number.NaN;
}
