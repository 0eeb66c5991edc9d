import { type ConfigOf, defineConfig, durationMs, portNumber } from '@penstock/platform';
import { z } from 'zod';
import { byteSize } from './byte-size.js';

const folder = () => z.string().regex(/^\//, 'must be an absolute path');
const share = (defaultShare: number, description: string) =>
  z.number().gt(0).max(1).default(defaultShare).describe(description);

/** Every setting of kv-node. */
export const config = defineConfig(
  'kv-node',
  'Moves chunks of KV cache between CPU, SSD and S3 on one node',
  {
    metricsPort: portNumber(9095, 'Port of /metrics, /healthz and /readyz'),
    grpcPort: portNumber(9106, 'Port of penstock.kvnode.v1'),
    node: z
      .string()
      .min(1, 'is required')
      .max(253)
      .regex(/^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/, 'must be the name of a node')
      .describe('Name of the Kubernetes node'),
    cpuDir: folder().describe(
      'Folder of the CPU tier, on tmpfs: root_dir of the first fs tier of the engines',
    ),
    cpuCapacity: byteSize().describe('Bytes of chunks in it, e.g. 64Gi'),
    ssdDir: folder()
      .optional()
      .describe('Folder of the SSD tier: root_dir of the second fs tier; absent = none'),
    ssdCapacity: byteSize().optional().describe('Bytes of chunks in it'),
    ssdSync: z
      .boolean()
      .default(true)
      .describe(
        'Waits for the disk before a copy counts; without it a power failure may leave files with wrong bytes, which engines do not notice',
      ),
    s3Endpoint: z
      .string()
      .regex(/^https?:\/\/[^\s/]+$/, 'must be http://host:port or https://host:port')
      .optional()
      .describe('Server that speaks S3; absent = AWS'),
    s3Bucket: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket')
      .optional()
      .describe('Bucket of the S3 tier; absent = none'),
    s3Prefix: z
      .string()
      .max(512)
      .regex(/^[^/].*$/, 'must not begin with "/"')
      .optional()
      .describe('Put before every key, with a "/"'),
    s3Region: z.string().min(1).default('us-east-1').describe('Region of the bucket'),
    s3AccessKeyIdFile: folder()
      .optional()
      .describe(
        'File with the access key id; absent = environment, web identity or instance, as the AWS SDK does',
      ),
    s3SecretAccessKeyFile: folder().optional().describe('File with the secret access key'),
    dataDir: folder()
      .optional()
      .describe(
        'Folder of the inventory; absent = .penstock in the SSD tier, or in the CPU tier where there is none',
      ),
    concurrency: z
      .number()
      .int()
      .min(1)
      .max(256)
      .default(8)
      .describe('Chunks that are copied or read at a time'),
    rescanIntervalMs: durationMs(30_000, 'How often the folders are compared with the inventory'),
    checksumRate: byteSize()
      .prefault('256Mi')
      .describe('Bytes per second read for checksums of files that nobody asked about'),
    staleMs: durationMs(
      600_000,
      'Age at which a temporary file of another writer, or an empty folder, is removed',
    ),
    quarantineFiles: z
      .number()
      .int()
      .min(0)
      .max(10_000)
      .default(16)
      .describe('Damaged files that are kept per tier for inspection'),
    aloneAfterMs: durationMs(
      10_000,
      'Without a word from kv-offload for this long it guards its own capacity',
    ),
    highWatermark: share(0.9, 'Share of a capacity above which it then makes room'),
    lowWatermark: share(0.8, 'Share down to which it does'),
  },
);

export type KvNodeConfig = ConfigOf<typeof config>;
