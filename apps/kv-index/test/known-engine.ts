import type { KnownEngine } from '../src/application/known-engine.js';

/** An engine of pool `ns/pool` that serves model `m` in blocks of 2 tokens, unless it is said otherwise. */
export function knownEngine(pod: string, facts: Partial<KnownEngine> & { rank?: number; ip?: string } = {}) {
  const { rank = 0, ip = '10.0.0.1', ...rest } = facts;
  const engineId = `ns/${pod}${rank > 0 ? `#${rank}` : ''}`;
  const pool = {
    namespace: 'ns',
    name: 'pool',
    uid: 'u',
    group: 'inference.networking.k8s.io',
    selector: { app: 'engine' },
    targetPorts: [8000],
    appProtocol: 'http',
  } as const;
  const endpoint = {
    engineId,
    namespace: 'ns',
    pod,
    podUid: 'uid',
    restartCount: 0,
    ip,
    port: 8000,
    rank,
    address: `${ip}:8000`,
    ready: true,
    terminating: false,
    draining: false,
    labels: {},
  };
  const engine: KnownEngine = {
    engineId,
    pool,
    endpoint,
    model: 'm',
    blockSize: 2,
    incarnation: 1,
    state: 'live',
    publishesEvents: true,
    ...rest,
  };
  return engine;
}
