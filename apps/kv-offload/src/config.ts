import { areNatsUrls } from '@penstock/messaging';
import {
  type ConfigOf,
  defineConfig,
  durationMs,
  leaseKeys,
  objectName,
  portNumber,
} from '@penstock/platform';
import { z } from 'zod';

const share = (defaultShare: number, description: string) =>
  z.number().gt(0).max(1).default(defaultShare).describe(description);
const count = (defaultCount: number, max: number, description: string) =>
  z.number().int().min(1).max(max).default(defaultCount).describe(description);
const file = (description: string) => z.string().min(1).max(4096).optional().describe(description);

/** Every setting of kv-offload. */
export const config = defineConfig('kv-offload', 'Decides where KV blocks live: CPU, SSD and S3', {
  metricsPort: portNumber(9094, 'Port of /metrics, /healthz and /readyz'),
  grpcPort: portNumber(9105, 'Port of penstock.kvoffload.v1'),
  natsUrl: z
    .string()
    .refine(areNatsUrls, 'must be a nats:// or tls:// URL, or several with commas between')
    .default('nats://127.0.0.1:4222')
    .describe('NATS servers, comma-separated'),
  kubeconfig: z
    .string()
    .optional()
    .describe('Kubeconfig file; absent = $KUBECONFIG, else the service account of the pod'),
  namespace: objectName(63).optional().describe('Look for kv-nodes in this namespace only; absent = all'),
  ...leaseKeys('kv-offload'),
  kvNodes: z
    .string()
    .regex(/^[^=,\s]+=[^=,\s]+:\d{1,5}(,[^=,\s]+=[^=,\s]+:\d{1,5})*$/, 'must be node=ip:port,node=ip:port,…')
    .optional()
    .describe('kv-nodes as node=ip:port, comma-separated; absent = the pods of --kv-node-selector'),
  kvNodeSelector: z
    .string()
    .min(1)
    .max(1000)
    .default('app.kubernetes.io/name=kv-node')
    .describe('Label selector of the pods of kv-node; each serves the node it runs on'),
  kvNodePort: portNumber(9106, 'gRPC port of kv-node pods that name no port grpc'),
  nodeForgetMs: durationMs(
    120_000,
    'What a node held counts as gone when it has had no pod of kv-node for this long',
  ),
  highWatermark: share(0.9, 'Share of a tier’s capacity above which room is made'),
  lowWatermark: share(0.8, 'Share of a tier’s capacity down to which room is made'),
  s3Bucket: z.string().min(3).max(63).optional().describe('Bucket of the S3 tier; absent = no S3 tier'),
  s3Endpoint: z
    .string()
    .regex(/^https?:\/\/\S+$/, 'must be an http:// or https:// URL')
    .optional()
    .describe('URL of a server that speaks S3; absent = AWS'),
  s3Region: z.string().min(1).max(64).default('us-east-1').describe('Region of the bucket'),
  s3Prefix: z
    .string()
    .max(512)
    .optional()
    .describe('Put before every key of the bucket, with a "/"; the same for kv-offload and every kv-node'),
  s3AccessKeyIdFile: file('File with the access key id; absent = what the AWS SDK finds'),
  s3SecretAccessKeyFile: file('File with the secret access key'),
  s3CapacityBytes: z
    .number()
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .default(0)
    .describe('Size of the S3 tier, in bytes; 0 = no limit'),
  s3AdmissionUses: z
    .number()
    .int()
    .min(0)
    .max(1_000_000)
    .default(2)
    .describe('Uses from which a chunk that leaves a node is copied to S3'),
  s3ScanIntervalMs: durationMs(600_000, 'How often the bucket is listed to find what others changed'),
  planIntervalMs: durationMs(200, 'How often moves are planned while there is something to plan'),
  maxMovesInFlight: count(256, 65_536, 'Most moves to make room that are under way at a time'),
  moveBatch: count(32, 1024, 'Moves sent to a kv-node in one call'),
  moveTimeoutMs: durationMs(120_000, 'Longest time for one such call'),
  promotionMaxChunks: count(32, 65_536, 'Most chunks brought from S3 for one request'),
  promotionMaxInFlight: count(64, 65_536, 'Most chunks on their way from S3 to one node'),
  useSpacingMs: durationMs(
    10_000,
    'Blocks that an engine stores again within this time of their last use are no further use',
  ),
  snapshotIntervalMs: durationMs(5_000, 'Shortest time between two kv.snapshot of what a place holds'),
  snapshotMaxIntervalMs: durationMs(20_000, 'Longest time between two kv.snapshot of what a place holds'),
  snapshotPartBlocks: count(40_000, 90_000, 'Blocks per message of a snapshot (8 bytes each, in base64)'),
});

export type KvOffloadConfig = ConfigOf<typeof config>;
