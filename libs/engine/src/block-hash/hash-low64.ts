/**
 * The low 64 bits of an engine's block hash, big-endian and unsigned: how vLLM shortens a digest for
 * events (`maybe_convert_block_hash`).
 *
 * @param digest at least 8 bytes
 */
export function hashLow64(digest: Uint8Array): bigint {
  const at = digest.byteOffset + digest.byteLength - 8;
  return new DataView(digest.buffer, at, 8).getBigUint64(0);
}
