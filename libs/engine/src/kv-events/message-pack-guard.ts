import type { BatchProblem } from './event-problem.js';
import { announcedSize, shapeOf } from './message-shapes.js';

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
 * Walks the heads of a MessagePack message and says what is wrong with it, or undefined when exactly one complete
 * value is there within the limits.
 *
 * Who reads a message allocates what a head announces: a few bytes of nested array heads would cost gigabytes.
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
    // The most frequent kinds first: small integers, then token ids, then hashes.
    if (head < 0x80 || head >= 0xe0) {
      position += 1;
      continue;
    }
    if (head >= 0xcc && head < 0xd4) {
      position += 1 + (1 << (head & 3));
      if (position > length) {
        return 'not-msgpack';
      }
      continue;
    }
    const shape = shapeOf(head);
    const size = announcedSize(bytes, position, shape);
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
