import type { ObjectHead } from '@penstock/core/ports';
import type { ChunkFacts, CopyFacts } from '@penstock/core/tiering';
import { keysOf } from './packed-keys.js';
import { parseScope } from './scope.js';

/**
 * What kv-node wrote beside the bytes: `penstock-crc32` (8 hexadecimal digits), `penstock-keys` (base64 of 8 bytes little-endian
 * per block) and `penstock-scope` (`<namespace>/<pool>`). Undefined when there is no object, or it is none of ours.
 */
export function readObjectFacts(
  path: string,
  head: ObjectHead | undefined,
): { chunk: ChunkFacts; copy: CopyFacts } | undefined {
  const {
    'penstock-crc32': crc = '',
    'penstock-keys': packed = '',
    'penstock-scope': scope = '',
  } = head?.metadata ?? {};
  const keys = keysOf(Buffer.from(packed, 'base64'));
  if (!head || !/^[0-9a-f]{8}$/.test(crc) || !keys || !parseScope(scope)) return undefined;
  const copy = { sizeBytes: head.sizeBytes, crc32: Number.parseInt(crc, 16), lastUsedMs: 0 };
  return { chunk: { path, scope, keys }, copy };
}
