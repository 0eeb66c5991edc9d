import { nodeHolder, objectStoreHolder } from '@penstock/core/kv';
import type { FleetPool } from './fleet.js';

const known = new WeakMap<FleetPool, ReadonlyArray<readonly string[]>>();

/**
 * Names of the storage that each engine of a pool can load from: its node's, where it is known, and the pool's object
 * store. Made once per picture of a pool.
 */
export function storageOfPool(pool: FleetPool): ReadonlyArray<readonly string[]> {
  let holders = known.get(pool);
  if (!holders) {
    const { namespace, name, endpoints } = pool;
    const s3 = objectStoreHolder(namespace, name);
    holders = endpoints.map(({ node }) =>
      node === undefined ? [s3] : [nodeHolder(namespace, name, node), s3],
    );
    known.set(pool, holders);
  }
  return holders;
}
