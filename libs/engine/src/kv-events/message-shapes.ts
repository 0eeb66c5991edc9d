/** What a head byte of MessagePack (github.com/msgpack/msgpack spec.md) announces. */
export interface Shape {
  /** Bytes of the length that follows the head; 0 when `fixed` says it. */
  readonly sizeBytes: number;
  /** Bytes of content, or items; -1 for a head that does not exist. */
  readonly fixed: number;
  /** 1 for arrays, 2 for maps, 0 for anything else. */
  readonly childrenPerItem: number;
  /** Bytes before the content that the length does not count (the type of an extension). */
  readonly extraBytes: number;
}

/** Shapes of the heads 0x80 … 0xdf; every other head is a small integer, complete in its one byte. */
const SHAPES: readonly Shape[] = Array.from({ length: 0xe0 - 0x80 }, (_, i) => describe(0x80 + i));

/** Shape of a head of 0x80 … 0xdf. */
export function shapeOf(head: number): Shape {
  return SHAPES[head - 0x80] as Shape;
}

/** Bytes or items that a head announces; -1 when the message ends before it says so, or the head does not exist. */
export function announcedSize(bytes: Uint8Array, at: number, shape: Shape): number {
  const { sizeBytes, fixed } = shape;
  if (sizeBytes === 0) {
    return fixed;
  }
  if (at + sizeBytes >= bytes.length) {
    return -1;
  }
  let size = 0;
  for (let i = 1; i <= sizeBytes; i++) {
    size = size * 256 + (bytes[at + i] as number);
  }
  return size;
}

function describe(head: number): Shape {
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
