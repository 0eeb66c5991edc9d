import { nodeHolder, objectStoreHolder } from '@penstock/core/kv';
import type { FleetPool } from './fleet.js';

const known = new WeakMap<FleetPool, ReadonlyArray<readonly string[]>>();

/**
 * Names of the storage that each engine of a pool can load from: its node's, where it is known, and the pool's object
 * store. Made once per picture of a pool; engines of one node share an array, by which the index knows them.
 */
export function storageOfPool(pool: FleetPool): ReadonlyArray<readonly string[]> {
  let holders = known.get(pool);
  if (!holders) {
    const { namespace, name, endpoints } = pool;
    const s3 = objectStoreHolder(namespace, name);
    const byNode = new Map<string | undefined, readonly string[]>([[undefined, [s3]]]);
    for (const { node } of endpoints)
      if (!byNode.has(node)) byNode.set(node, [nodeHolder(namespace, name, node ?? ''), s3]);
    holders = endpoints.map(({ node }) => byNode.get(node) ?? [s3]);
    known.set(pool, holders);
  }
  return holders;
}
