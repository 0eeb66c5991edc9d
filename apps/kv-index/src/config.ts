import { areNatsUrls } from '@penstock/messaging';
import { type ConfigOf, defineConfig, durationMs, objectName, portNumber } from '@penstock/platform';
import { areRedisUrls } from '@penstock/store';
import { z } from 'zod';
import { staticEngines } from './application/static-engines.js';

const count = (defaultCount: number, max: number, description: string) =>
  z.number().int().min(1).max(max).default(defaultCount).describe(description);
const enginePort = (defaultPort: number, description: string) => count(defaultPort, 65_535, description);

/** Every setting of kv-index. */
export const config = defineConfig('kv-index', 'Knows which engine holds which KV block, on which tier', {
  metricsPort: portNumber(9091, 'Port of /metrics, /healthz and /readyz'),
  grpcPort: portNumber(9102, 'Port of penstock.kvindex.v1'),
  httpPort: portNumber(9112, 'Port of the HTTP API of Conductor and Dynamo: /query, /register and others'),
  natsUrl: z
    .string()
    .refine(areNatsUrls, 'must be a nats:// or tls:// URL, or several with commas between')
    .default('nats://127.0.0.1:4222')
    .describe('NATS servers, comma-separated'),
  redisUrl: z
    .string()
    .refine(areRedisUrls, 'must be a redis:// or rediss:// URL, or several with commas between')
    .default('redis://127.0.0.1:6379')
    .describe(
      'Redis or Valkey that keeps the blocks across restarts; of a cluster any nodes, comma-separated',
    )
    .meta({ secret: true }),
  redisCluster: z.boolean().default(false).describe('Whether Redis is in cluster mode'),
  redisSentinel: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe('Name under which Sentinels watch Redis, whose addresses are then in redisUrl; absent = none'),
  kubeconfig: z
    .string()
    .optional()
    .describe('Kubeconfig file; absent = $KUBECONFIG, else the service account of the pod'),
  namespace: z
    .string()
    .max(63)
    .optional()
    .describe('Serve InferencePools of this namespace only; absent = all'),
  leaseNamespace: objectName(63)
    .default('default')
    .describe('Namespace of the Leases by which replicas of kv-index see each other'),
  leaseRenewMs: durationMs(300, 'How often this replica renews its Lease'),
  leaseDurationMs: durationMs(1_000, 'A replica whose Lease stays the same for this long is dead'),
  engineSelector: z
    .string()
    .max(1024)
    .regex(/^[^\s]*( [^\s]+)*$/, 'must be a label selector such as app=engine, without spaces around it')
    .default('llm-d.ai/inference-serving=true')
    .describe(
      'Labels of engine pods that are followed even when no InferencePool selects them; empty = none',
    ),
  enginePort: enginePort(8000, 'HTTP port of such pods that name no port http'),
  engines: z
    .string()
    .default('')
    .superRefine((text, context) => {
      try {
        staticEngines(text);
      } catch (error) {
        context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
      }
    })
    .describe(
      'Engines outside Kubernetes: a JSON list of {name, address, events, replay, model, blockSize, ranks, node, namespace, pool}, or @ and the path of a file with it',
    ),
  kvEventsBind: z
    .string()
    .regex(/^(tcp:\/\/.+:\d{1,5})?$/, 'must be tcp://host:port')
    .default('')
    .describe('Address at which engines dial in that connect their event sockets; empty = none'),
  kvEventsBindRanks: count(1, 64, 'Ports from that one on, one per data-parallel rank'),
  kvEventsPort: enginePort(5557, 'Event port of engines whose pod names no port kv-events'),
  kvReplayPort: enginePort(5558, 'Replay port of engines whose pod names no port kv-replay'),
  kvEventsTopic: z.string().max(256).default('').describe('Prefix of the event topics to read; empty = all'),
  tokenizerDir: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Folder with tokenizer.json and tokenizer_config.json, or with such a folder for each model, for prompts that come as text; absent = they are refused',
    ),
  storageEvents: z
    .enum(['index', 'forward'])
    .default('index')
    .describe(
      'What engines announce on medium STORAGE: index = the engine holds it, on tier s3; forward = a file of its node, told to kv-offload, which says what storage holds',
    ),
  deltaIntervalMs: durationMs(100, 'Changes within this time are published as one kv.delta per pool'),
  silenceCheckMs: durationMs(
    5_000,
    'An engine that is silent for this long is asked whether anything of it was missed; then at ever longer intervals',
  ),
  snapshotIntervalMs: durationMs(5_000, 'Shortest time between two kv.snapshot of a changing engine'),
  snapshotMaxIntervalMs: durationMs(20_000, 'Longest time between two kv.snapshot of any engine'),
  deltaMaxBlocks: count(
    20_000,
    1_000_000,
    'A delta is published before its time when it would have more blocks',
  ),
  snapshotPartBlocks: count(40_000, 60_000, 'Blocks per message of a snapshot (12 bytes each, in base64)'),
  probeTimeoutMs: durationMs(2_000, 'Longest wait for an engine to say which model it serves'),
  storeIntervalMs: durationMs(2_000, 'How often Redis is checked for having lost its content, and retried'),
  kvWorker: z
    .enum(['on', 'off'])
    .default('on')
    .describe('Whether the index is written by a thread of its own'),
  maxIndexHolders: count(8_000_000, 128_000_000, 'Most (block, engine) pairs in memory, about 46 bytes each'),
  maxOrphanBlocks: count(
    16_384,
    10_000_000,
    'Most blocks per engine kept while their parent block is unknown',
  ),
});

export type KvIndexConfig = ConfigOf<typeof config>;
