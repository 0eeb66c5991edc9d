import { parseChunkPath } from '@penstock/engine';
import { ChunkProblem } from '../tiers/chunk-problem.js';
import type { ChunkTiers } from './chunk-tiers.js';
import { copyToFolder } from './copy-to-folder.js';
import { copyToS3 } from './copy-to-s3.js';
import type { MoveOrder } from './move-order.js';

/**
 * Carries out one order: the new copy is written, checked and durable, then entered, then the old one goes. Whatever
 * ends the process in between, one of the two is whole. Repeating an order is harmless.
 * @returns bytes that were copied
 * @throws ChunkProblem
 */
export async function moveChunk(tiers: ChunkTiers, order: MoveOrder): Promise<number> {
  const { path, from, to, removeSource } = order;
  requirePossible(order);
  return tiers.locks.run(path, async () => {
    let bytes = 0;
    if (to === 's3' && from !== 's3') bytes = await copyToS3(tiers, path, from);
    else if (to !== undefined && to !== 's3') bytes = await copyToFolder(tiers, order, to);
    if (!removeSource) return bytes;
    if (from === 's3') await tiers.s3.remove(path);
    else {
      await tiers.folder(from).remove(path);
      tiers.inventory.remove(from, path, to === undefined ? 'asked' : 'moved');
    }
    return bytes;
  });
}

function requirePossible({ path, from, to, removeSource }: MoveOrder): void {
  if (parseChunkPath(path) === undefined) {
    throw new ChunkProblem('invalid', `${JSON.stringify(path)} is not the path of a chunk`);
  }
  if (from === to) throw new ChunkProblem('invalid', `from and to are both ${from}`);
  if (to === undefined && !removeSource) {
    throw new ChunkProblem(
      'invalid',
      'nothing is to be written and nothing removed; set to or remove_source',
    );
  }
}
