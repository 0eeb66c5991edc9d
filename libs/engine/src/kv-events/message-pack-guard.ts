import type { BatchProblem } from './event-problem.js';

/** What a message may be at most; checked on its bytes, before anything is allocated for it. */
export interface MessageLimits {
  readonly maxBytes: number;
  readonly maxDepth: number;
  /** All values, keys and containers together. */
  readonly maxElements: number;
}

/** A prompt of a million tokens stays well below these. */
export const DEFAULT_MESSAGE_LIMITS: MessageLimits = {
  maxBytes: 16 * 1024 * 1024,
  maxDepth: 12,
  maxElements: 2_000_000,
};

/**
 * Walks the heads of a MessagePack message (format by github.com/msgpack/msgpack spec.md) and says what is
 * wrong with it, or undefined when exactly one complete value is there within the limits.
 *
 * The decoder allocates what a head announces: a few bytes of nested array heads would cost gigabytes.
 * After this walk every announced element is known to exist.
 */
export function messagePackProblem(
  bytes: Uint8Array,
  limits: MessageLimits = DEFAULT_MESSAGE_LIMITS,
): BatchProblem | undefined {
  if (bytes.length > limits.maxBytes) {
    return 'too-large';
  }
  const { length } = bytes;
  const open: number[] = [];
  let position = 0;
  let elements = 0;
  let left = 1;
  for (;;) {
    while (left === 0) {
      const outer = open.pop();
      if (outer === undefined) {
        return position === length ? undefined : 'not-msgpack';
      }
      left = outer;
    }
    left--;
    if (++elements > limits.maxElements) {
      return 'too-many-elements';
    }
    if (position >= length) {
      return 'not-msgpack';
    }
    const head = bytes[position] as number;
    // The most frequent kinds first: small integers, then token ids.
    if (head < 0x80 || head >= 0xe0) {
      position += 1;
      continue;
    }
    const shape = SHAPES[head - 0x80] as Shape;
    const size = shape.sizeBytes === 0 ? shape.fixed : readSize(bytes, position + 1, shape.sizeBytes);
    if (size < 0) {
      return 'not-msgpack';
    }
    position += 1 + shape.sizeBytes + shape.extraBytes;
    if (shape.childrenPerItem === 0) {
      position += size;
      if (position > length) {
        return 'not-msgpack';
      }
      continue;
    }
    const children = size * shape.childrenPerItem;
    if (children > length - position) {
      return 'not-msgpack';
    }
    if (open.length >= limits.maxDepth) {
      return 'too-deep';
    }
    open.push(left);
    left = children;
  }
}

interface Shape {
  /** Bytes of the length that follows the head; 0 when `fixed` says it. */
  readonly sizeBytes: number;
  /** Bytes of content, or items; -1 for a head that does not exist. */
  readonly fixed: number;
  /** 1 for arrays, 2 for maps, 0 for anything else. */
  readonly childrenPerItem: number;
  /** Bytes before the content that the length does not count (the type of an extension). */
  readonly extraBytes: number;
}

const SHAPES: readonly Shape[] = Array.from({ length: 0xe0 - 0x80 }, (_, i) => shapeOf(0x80 + i));

function shapeOf(head: number): Shape {
  const shape = (sizeBytes: number, fixed: number, childrenPerItem = 0, extraBytes = 0): Shape => ({
    sizeBytes,
    fixed,
    childrenPerItem,
    extraBytes,
  });
  if (head < 0x90) return shape(0, head & 0x0f, 2); // fixmap
  if (head < 0xa0) return shape(0, head & 0x0f, 1); // fixarray
  if (head < 0xc0) return shape(0, head & 0x1f); // fixstr
  if (head === 0xc1) return shape(0, -1); // never used
  if (head < 0xc4) return shape(0, 0); // nil, false, true
  if (head < 0xc7) return shape(1 << (head - 0xc4), 0); // bin 8, 16, 32
  if (head < 0xca) return shape(1 << (head - 0xc7), 0, 0, 1); // ext 8, 16, 32
  if (head < 0xcc) return shape(0, head === 0xca ? 4 : 8); // float 32, 64
  if (head < 0xd0) return shape(0, 1 << (head - 0xcc)); // uint 8 … 64
  if (head < 0xd4) return shape(0, 1 << (head - 0xd0)); // int 8 … 64
  if (head < 0xd9) return shape(0, 1 << (head - 0xd4), 0, 1); // fixext 1 … 16
  if (head < 0xdc) return shape(1 << (head - 0xd9), 0); // str 8, 16, 32
  if (head < 0xde) return shape(head === 0xdc ? 2 : 4, 0, 1); // array 16, 32
  return shape(head === 0xde ? 2 : 4, 0, 2); // map 16, 32
}

/** Big-endian length of 1, 2 or 4 bytes; -1 when the message ends before. */
function readSize(bytes: Uint8Array, at: number, sizeBytes: number): number {
  if (at + sizeBytes > bytes.length) {
    return -1;
  }
  let size = 0;
  for (let i = 0; i < sizeBytes; i++) {
    size = size * 256 + (bytes[at + i] as number);
  }
  return size;
}
