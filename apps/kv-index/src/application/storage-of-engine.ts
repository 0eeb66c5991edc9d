import { nodeHolder, objectStoreHolder } from '@penstock/core/kv';
import type { KnownEngine } from './known-engine.js';

/** The storage that an engine can load blocks from: that of its node, where it is known, and its pool's object store. */
export function storageOf({ pool, endpoint }: Pick<KnownEngine, 'pool' | 'endpoint'>): string[] {
  const { namespace, name } = pool;
  const s3 = objectStoreHolder(namespace, name);
  return endpoint.nodeName === undefined ? [s3] : [nodeHolder(namespace, name, endpoint.nodeName), s3];
}
