import { crc32 } from 'node:zlib';

export interface EngineKeys {
  /** Shared by the engines of the shard: what has the same one may be written by one script call. */
  readonly shard: string;
  /** Set of the names of the shard's engines. */
  readonly engines: string;
  /** The engine's name in that set and in the keys below. */
  readonly member: string;
  /** Hash: position, sizes and facts. */
  readonly head: string;
  /** List: packed snapshot, in pieces. */
  readonly snapshot: string;
  /** List: packed deltas after the snapshot. */
  readonly log: string;
}

const PREFIX = 'penstock:kv:';

/** Shards of a pool: the unit that a Redis cluster places, and that is written at once. */
export const SHARDS = 64;

/** Random text that a flush loses. */
export const EPOCH_KEY = `${PREFIX}epoch`;

/**
 * One epoch per sixteenth of a cluster's slots, near its middle, so that every master of up to sixteen with equal shares
 * holds at least one: CRC-16 of these tags, modulo 16,384, is 511, 1523, 2563, … 15879.
 */
export const CLUSTER_EPOCH_KEYS: readonly string[] = [
  18, 455, 333, 223, 553, 443, 95, 663, 265, 375, 908, 155, 985, 895, 405, 515,
].map((tag) => `${EPOCH_KEY}:{${tag}}`);

/** The keys of the engines of a shard share a hash tag, so that they live on one node of a cluster. */
export function engineKeys(namespace: string, pool: string, engineId: string): EngineKeys {
  const shard = shardTag(namespace, pool, crc32(engineId) % SHARDS);
  const member = part(engineId);
  const base = `${shard}:${member}`;
  return {
    shard,
    engines: `${shard}:engines`,
    member,
    head: `${base}:head`,
    snapshot: `${base}:snap`,
    log: `${base}:log`,
  };
}

/** The sets of a pool's engines, one per shard. */
export function poolKeys(namespace: string, pool: string): string[] {
  return Array.from({ length: SHARDS }, (_, shard) => `${shardTag(namespace, pool, shard)}:engines`);
}

/** Id of an engine from its name in keys. */
export function engineOfMember(member: string): string {
  return decodeURIComponent(member);
}

function shardTag(namespace: string, pool: string, shard: number): string {
  return `${PREFIX}{${part(namespace)}/${part(pool)}/${shard}}`;
}

/** Keeps braces, slashes and colons out, which would change the hash tag or the key. */
function part(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
