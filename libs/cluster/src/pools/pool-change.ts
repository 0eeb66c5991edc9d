import { isDeepStrictEqual } from 'node:util';
import type { Endpoint } from './endpoint.js';
import type { Pool } from './pool.js';

export interface PoolView {
  readonly pool: Pool;
  /** In the order of engine ids. */
  readonly endpoints: readonly Endpoint[];
}

/** What happened to one pool between two states of the cluster. */
export interface PoolChange {
  /** As it is now, or as it last was when it was removed. */
  readonly pool: Pool;
  readonly kind: 'added' | 'changed' | 'removed';
  readonly endpointsAdded: readonly Endpoint[];
  readonly endpointsChanged: ReadonlyArray<{ readonly before: Endpoint; readonly after: Endpoint }>;
  readonly endpointsRemoved: readonly Endpoint[];
}

/** Changes from one state to another; pools in which nothing changed do not appear. */
export function diffPools(before: readonly PoolView[], after: readonly PoolView[]): PoolChange[] {
  const old = new Map(before.map((view) => [key(view.pool), view]));
  const changes: PoolChange[] = [];
  for (const view of after) {
    const known = old.get(key(view.pool));
    old.delete(key(view.pool));
    const change = compare(
      view.pool,
      known === undefined ? 'added' : 'changed',
      known?.endpoints ?? [],
      view.endpoints,
    );
    if (known === undefined || isChanged(change) || !isDeepStrictEqual(known.pool, view.pool))
      changes.push(change);
  }
  for (const view of old.values()) changes.push(compare(view.pool, 'removed', view.endpoints, []));
  return changes;
}

function compare(
  pool: Pool,
  kind: PoolChange['kind'],
  before: readonly Endpoint[],
  after: readonly Endpoint[],
): PoolChange {
  const old = new Map(before.map((endpoint) => [endpoint.engineId, endpoint]));
  const endpointsAdded: Endpoint[] = [];
  const endpointsChanged: Array<{ before: Endpoint; after: Endpoint }> = [];
  for (const endpoint of after) {
    const known = old.get(endpoint.engineId);
    old.delete(endpoint.engineId);
    if (known === undefined) endpointsAdded.push(endpoint);
    else if (!isDeepStrictEqual(known, endpoint)) endpointsChanged.push({ before: known, after: endpoint });
  }
  return { pool, kind, endpointsAdded, endpointsChanged, endpointsRemoved: [...old.values()] };
}

function isChanged(change: PoolChange): boolean {
  return change.endpointsAdded.length + change.endpointsChanged.length + change.endpointsRemoved.length > 0;
}

function key(pool: Pool): string {
  return `${pool.namespace}/${pool.name}`;
}
