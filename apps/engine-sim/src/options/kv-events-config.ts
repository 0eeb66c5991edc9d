import { z } from 'zod';

const endpoint = z.string().regex(/^tcp:\/\/.+:\d+$/, 'must look like tcp://*:5557 or tcp://127.0.0.1:5557');

/** vLLM's `--kv-events-config`, a JSON object with vLLM's names and defaults. */
export const kvEventsConfig = z.strictObject({
  enable_kv_cache_events: z.boolean().default(false).describe('publish cache events'),
  publisher: z.literal('zmq', 'must be zmq').default('zmq'),
  endpoint: endpoint
    .default('tcp://*:5557')
    .describe('where the PUB socket listens; * is --host; without * or :: whom it dials'),
  replay_endpoint: endpoint
    .nullable()
    .default(null)
    .describe('where the ROUTER socket listens; null: no replay'),
  buffer_steps: z.int().min(1).max(1_000_000).default(10_000).describe('batches kept for replay'),
  hwm: z.int().min(0).default(100_000).describe('messages queued per subscriber before they are dropped'),
  max_queue_size: z
    .int()
    .min(1)
    .default(100_000)
    .describe('accepted as vLLM does; the simulator has no such queue'),
  topic: z.string().max(1_024).default(''),
});
export type KvEventsConfig = z.infer<typeof kvEventsConfig>;

/**
 * Puts the address the engine listens on in place of `*`, so that several engines on one machine each keep
 * the standard ports.
 */
export function bindAddress(endpointPattern: string, host: string): string {
  const address = host.includes(':') ? `[${host}]` : host;
  return endpointPattern.replace(/^tcp:\/\/\*:/, `tcp://${address}:`);
}

/** vLLM's rule: it binds what has a wildcard, and connects to anything else. */
export function isDialled({ endpoint }: KvEventsConfig): boolean {
  return !endpoint.includes('*') && !endpoint.includes('::');
}
