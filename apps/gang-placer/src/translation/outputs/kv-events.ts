import { KV_EVENTS_PORT, KV_REPLAY_PORT } from '@penstock/contracts';

const PORT = 5_557;
const REPLAY_PORT = 5_558;

/** How an engine tells kv-index which blocks it holds. */
export const KV_EVENTS = {
  flag: '--kv-events-config',
  args: [
    '--kv-events-config',
    JSON.stringify({
      enable_kv_cache_events: true,
      publisher: 'zmq',
      endpoint: `tcp://*:${PORT}`,
      replay_endpoint: `tcp://*:${REPLAY_PORT}`,
    }),
  ],
  ports: [
    { name: KV_EVENTS_PORT, containerPort: PORT },
    { name: KV_REPLAY_PORT, containerPort: REPLAY_PORT },
  ],
} as const;
