const SEQUENCE_BYTES = 8;
const END = 0xffff_ffff_ffff_ffffn;

/** The sequence frame that ends a replay. */
export const END_FRAME = sequenceFrameOf(END);

/** A sequence number as vLLM sends it: 8 bytes, big-endian. */
export function sequenceFrame(sequence: number): Buffer {
  return sequenceFrameOf(BigInt(sequence));
}

/**
 * Reads a sequence frame: its number, `end` for the end marker of a replay, undefined when it is no frame of
 * 8 bytes or its number is beyond what a double counts exactly.
 */
export function readSequence(frame: Buffer | undefined): number | 'end' | undefined {
  if (frame?.length !== SEQUENCE_BYTES) {
    return undefined;
  }
  const sequence = frame.readBigUInt64BE();
  if (sequence === END) {
    return 'end';
  }
  return sequence <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(sequence) : undefined;
}

function sequenceFrameOf(sequence: bigint): Buffer {
  const frame = Buffer.allocUnsafe(SEQUENCE_BYTES);
  frame.writeBigUInt64BE(sequence);
  return frame;
}
