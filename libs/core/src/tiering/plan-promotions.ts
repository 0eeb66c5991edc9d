import type { ChunkLedger } from './chunk-ledger.js';
import type { ChunkView } from './chunk-view.js';
import { S3 } from './place.js';
import type { PlannedMove } from './planned-move.js';

export interface PromotionLimits {
  /** Most chunks for this request. */
  readonly maxChunks: number;
  /** Bytes that may be brought to the CPU tier of the node. */
  readonly roomBytes: number;
}

/**
 * Copies from S3 to the CPU tier of the node that a request was sent to, for the blocks it can use there.
 *
 * An engine uses blocks up to the first that is missing. So the copies begin with the first block that the node lacks,
 * follow the prompt, and end where one cannot be had; what the node has or is being given already is passed over.
 * @param keys blocks in prompt order, starting behind what the engine has on its GPU
 */
export function planPromotions(
  ledger: ChunkLedger,
  scope: string,
  node: string,
  keys: BigUint64Array,
  { maxChunks, roomBytes }: PromotionLimits,
): PlannedMove[] {
  const moves: PlannedMove[] = [];
  const covered = new Set<bigint>();
  let room = roomBytes;
  for (const key of keys) {
    if (covered.has(key)) continue;
    const chunks = [...ledger.chunksWith(scope, key)];
    let chunk = chunks.find((each) => isOnItsWay(each, node));
    if (!chunk) {
      chunk = chunks.find((each) => onS3(each) !== undefined);
      const bytes = chunk && onS3(chunk);
      if (!chunk || bytes === undefined || moves.length >= maxChunks || bytes > room) return moves;
      room -= bytes;
      const to = { tier: 'cpu', node } as const;
      moves.push({ path: chunk.path, from: S3, to, removeSource: false, bytes, reason: 'predicted-hit' });
    }
    for (const each of chunk.keys) covered.add(each);
  }
  return moves;
}

/** Whether the node has the chunk, or will have it. */
function isOnItsWay({ copies }: ChunkView, node: string): boolean {
  return copies.some(({ place, state, leaving }) => {
    if (place.node !== node || state === 'deleting') return false;
    return place.tier === 'cpu' ? !leaving : true;
  });
}

/** Size of the copy on S3 that can be read. */
function onS3({ copies }: ChunkView): number | undefined {
  const copy = copies.find(({ place }) => place.tier === 's3');
  return copy && !copy.leaving && (copy.state === 'valid' || copy.state === 'reading')
    ? copy.sizeBytes
    : undefined;
}
