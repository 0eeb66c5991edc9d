import type { z } from 'zod';
import * as capacity from './capacity.js';
import * as engine from './engine.js';
import * as kv from './kv.js';
import * as routing from './routing.js';
import * as tier from './tier.js';

export interface EventDefinition<S extends z.ZodType = z.ZodType> {
  readonly type: string;
  /** Major version; only additive changes inside one. */
  readonly version: number;
  readonly schema: S;
  /** What the last subject token is; absent when there is none. */
  readonly key?: string;
  readonly publisher: string;
  readonly stream: StreamName;
}

export type StreamName =
  | 'PENSTOCK_KV'
  | 'PENSTOCK_ENGINE'
  | 'PENSTOCK_ROUTING'
  | 'PENSTOCK_DEMAND'
  | 'PENSTOCK_CAPACITY'
  | 'PENSTOCK_TIER';

const define = <S extends z.ZodType>(
  type: string,
  stream: StreamName,
  publisher: string,
  schema: S,
  key?: string,
  version = 1,
): EventDefinition<S> => ({
  type,
  version,
  stream,
  publisher,
  schema,
  key,
});

/** Every event on the wire. Subject: `penstock.v1.<type>.<namespace>.<pool>[.<key>]`. */
export const EVENTS = {
  'kv.delta': define('kv.delta', 'PENSTOCK_KV', 'kv-index, kv-offload', kv.kvDelta, 'ingester', 2),
  'kv.snapshot': define(
    'kv.snapshot',
    'PENSTOCK_KV',
    'kv-index, kv-offload',
    kv.kvSnapshot,
    'engine, part',
    2,
  ),
  'engine.registered': define(
    'engine.registered',
    'PENSTOCK_ENGINE',
    'kv-index',
    engine.engineRegistered,
    'engine',
  ),
  'engine.ready': define('engine.ready', 'PENSTOCK_ENGINE', 'kv-index', engine.engineReady, 'engine'),
  'engine.gone': define('engine.gone', 'PENSTOCK_ENGINE', 'kv-index', engine.engineGone, 'engine'),
  'engine.draining': define(
    'engine.draining',
    'PENSTOCK_ENGINE',
    'autoscaler',
    engine.engineDraining,
    'engine',
  ),
  'routing.decided': define(
    'routing.decided',
    'PENSTOCK_ROUTING',
    'scheduler',
    routing.routingDecided,
    'request',
  ),
  'routing.completed': define(
    'routing.completed',
    'PENSTOCK_ROUTING',
    'scheduler',
    routing.routingCompleted,
    'request',
  ),
  'routing.rejected': define(
    'routing.rejected',
    'PENSTOCK_ROUTING',
    'scheduler',
    routing.routingRejected,
    'request',
  ),
  'demand.reported': define('demand.reported', 'PENSTOCK_DEMAND', 'scheduler', routing.demandReported),
  'scaling.decided': define('scaling.decided', 'PENSTOCK_CAPACITY', 'autoscaler', capacity.scalingDecided),
  'placement.decided': define(
    'placement.decided',
    'PENSTOCK_CAPACITY',
    'gang-placer',
    capacity.placementDecided,
  ),
  'placement.bound': define('placement.bound', 'PENSTOCK_CAPACITY', 'gang-placer', capacity.placementBound),
  'placement.evicted': define(
    'placement.evicted',
    'PENSTOCK_CAPACITY',
    'gang-placer',
    capacity.placementEvicted,
  ),
  'placement.refused': define(
    'placement.refused',
    'PENSTOCK_CAPACITY',
    'gang-placer',
    capacity.placementRefused,
  ),
  'tier.stored': define('tier.stored', 'PENSTOCK_TIER', 'kv-index', tier.tierStored, 'engine'),
  'tier.moved': define('tier.moved', 'PENSTOCK_TIER', 'kv-offload', tier.tierMoved),
  'tier.pressure': define('tier.pressure', 'PENSTOCK_TIER', 'kv-offload', tier.tierPressure),
} as const satisfies Record<string, EventDefinition>;

export type EventType = keyof typeof EVENTS;
export type EventData<T extends EventType> = z.output<(typeof EVENTS)[T]['schema']>;
