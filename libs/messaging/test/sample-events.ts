import { type EventType, packU32, packU64 } from '@penstock/contracts';
import type { OutgoingEvent } from '@penstock/core/ports';

const place = { namespace: 'penstock', pool: 'llama.pool' };
const engine = { engine: 'penstock/engine-0#1', pod: 'engine-0', address: '127.20.0.2:8000' };
const engineKey = engine.engine;
const keys = packU64(BigUint64Array.of(0x0102030405060708n, 0xffffffffffffffffn));
const checks = packU32(Uint32Array.of(0x01020304, 0));
const target = { kind: 'Deployment', namespace: 'penstock', name: 'engine' };
const gang = { gang: { ...target, kind: 'PodGang' }, queue: 'team-a' };
const pods = [{ pod: 'engine-0', node: 'node-1' }];
const request = {
  requestId: 'r-1 "ü"',
  model: 'Qwen/Qwen3-32B',
  scheduler: 'scheduler/0',
};

/** One event of every type, with every field. */
export const SAMPLE_EVENTS: Readonly<Record<EventType, OutgoingEvent>> = {
  'kv.delta': {
    type: 'kv.delta',
    ...place,
    key: 'kv-index/0',
    data: {
      wire: 1,
      ingester: 'kv-index/0',
      deltas: [
        {
          engine: engineKey,
          incarnation: 3,
          sequence: 17,
          cleared: false,
          windowBlocks: 8,
          changes: [
            { tier: 'gpu', removed: '', stored: keys, storedChecks: checks },
            { tier: 'gpu', window: true, removed: keys, stored: '' },
          ],
        },
      ],
    },
  },
  'kv.snapshot': {
    type: 'kv.snapshot',
    ...place,
    key: `${engineKey},0`,
    data: {
      engine: engineKey,
      incarnation: 3,
      sequence: 17,
      part: 0,
      parts: 1,
      windowBlocks: 8,
      tiers: [
        { tier: 'cpu', keys, checks },
        { tier: 'cpu', window: true, keys: '' },
      ],
    },
  },
  'engine.registered': {
    type: 'engine.registered',
    ...place,
    key: engineKey,
    data: { ...engine, model: '', blockSize: 0, incarnation: 3, kvEvents: true },
  },
  'engine.ready': {
    type: 'engine.ready',
    ...place,
    key: engineKey,
    data: { ...engine, model: 'Qwen/Qwen3-32B', blockSize: 16, incarnation: 3 },
  },
  'engine.gone': { type: 'engine.gone', ...place, key: engineKey, data: { ...engine, reason: 'deleted' } },
  'engine.draining': {
    type: 'engine.draining',
    ...place,
    key: engineKey,
    data: { ...engine, role: 'decode', deadlineMs: 30000, reason: 'scale-in' },
  },
  'routing.decided': {
    type: 'routing.decided',
    ...place,
    key: request.requestId,
    id: 'decided:r-1 "ü"',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    data: {
      ...request,
      targetModel: 'Qwen/Qwen3-32B',
      policy: '3-2-2',
      endpoint: engine.address,
      promptTokens: 7200,
      matchedTokens: 6000,
      metricsAgeMs: 412.5,
      kvAgeMs: 90,
      reason: 'longest prefix',
      excluded: { draining: 1 },
      leading: [{ endpoint: engine.address, total: 5.5, scores: { prefix: 0.83 }, matchedTokens: 6000 }],
    },
  },
  'routing.completed': {
    type: 'routing.completed',
    ...place,
    key: request.requestId,
    data: {
      ...request,
      endpoint: engine.address,
      status: 200,
      outcome: 'ok',
      ttftMs: null,
      durationMs: 1234.5,
      promptTokens: 7200,
      cachedTokens: null,
      outputTokens: 1000,
    },
  },
  'routing.rejected': {
    type: 'routing.rejected',
    ...place,
    key: request.requestId,
    data: { ...request, status: 503, reason: 'no-endpoint', excluded: { 'not-ready': 8 } },
  },
  'demand.reported': {
    type: 'demand.reported',
    ...place,
    data: {
      model: 'Qwen/Qwen3-32B',
      class: 'standard',
      role: 'both',
      intervalMs: 1000,
      requests: 34,
      promptTokens: 408000,
      uncachedTokens: 51000,
      outputTokens: 12000,
      inFlight: 40,
      held: 2,
      heldTokens: 24000,
      engines: [
        {
          engine: 'penstock/engine-0',
          role: 'both',
          ready: true,
          waiting: 3,
          running: 20,
          kvUsage: 0.75,
          kvCapacityTokens: 307328,
          metricsAgeMs: 412.5,
        },
      ],
      scheduler: 'scheduler/0',
    },
  },
  'scaling.decided': {
    type: 'scaling.decided',
    ...place,
    data: { target, model: 'Qwen/Qwen3-32B', role: 'both', from: 8, to: 10, reason: 'demand' },
  },
  'placement.decided': { type: 'placement.decided', ...place, data: { ...gang, pods } },
  'placement.bound': { type: 'placement.bound', ...place, data: { ...gang, pods, waitedMs: 12 } },
  'placement.evicted': { type: 'placement.evicted', ...place, data: { ...gang, pods, reason: 'node lost' } },
  'placement.refused': {
    type: 'placement.refused',
    ...place,
    data: { ...gang, reasons: ['no rack with 8 GPUs'] },
  },
  'tier.stored': {
    type: 'tier.stored',
    ...place,
    key: engineKey,
    data: { engine: engineKey, node: 'node-1', files: [{ hash: '00f1e2d3c4b5a697', keys }] },
  },
  'tier.moved': {
    type: 'tier.moved',
    ...place,
    data: { engine: engineKey, node: 'node-1', from: 'cpu', to: null, keys, bytes: 2097152, durationMs: 3.5 },
  },
  'tier.pressure': {
    type: 'tier.pressure',
    ...place,
    data: { node: 'node-1', tier: 'ssd', usedBytes: 90, capacityBytes: 100 },
  },
};
