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

const hostPath = () =>
  z
    .string()
    .max(4096)
    .regex(/^\/[^:]*$/, 'must be an absolute path')
    .optional();

/** Every setting of gang-placer. */
export const config = defineConfig(
  'gang-placer',
  'Turns PodCliqueSets into gangs of pods and binds each gang whole or not at all',
  {
    metricsPort: portNumber(9093, 'Port of /metrics, /healthz and /readyz'),
    grpcPort: portNumber(9104, 'Port of penstock.gangplacer.v1'),
    natsUrl: z
      .string()
      .refine(areNatsUrls, 'must be a nats:// or tls:// URL, or several with commas between')
      .default('nats://127.0.0.1:4222')
      .describe('NATS servers, comma-separated'),
    kubeconfig: z
      .string()
      .optional()
      .describe('Kubeconfig file; absent = $KUBECONFIG, else the service account of the pod'),
    namespace: objectName(63)
      .optional()
      .describe('Serve gangs of this namespace only; absent = all. Pods of every namespace count as load'),
    schedulerName: objectName(253)
      .default('penstock-gang-placer')
      .describe('Pods whose spec.schedulerName is this are placed here'),
    ...leaseKeys('gang-placer'),
    batchMs: durationMs(20, 'Changes of the cluster within this time lead to one round of decisions'),
    retryMs: durationMs(30_000, 'Longest time after which a waiting gang is tried again without any change'),
    refusalIntervalMs: durationMs(
      30_000,
      'Shortest time between two placement.refused events and Events of a waiting gang whose reason stays the same',
    ),
    maxSearchSteps: z
      .number()
      .int()
      .min(1)
      .max(100_000_000)
      .default(200_000)
      .describe(
        'Most steps of the search for a place of one gang; beyond it the gang is refused as undecided',
      ),
    bindConcurrency: z
      .number()
      .int()
      .min(1)
      .max(256)
      .default(16)
      .describe('Most pods of a gang that are bound at the same time'),
    translateForeignKinds: z
      .boolean()
      .default(true)
      .describe(
        'Turn DynamoGraphDeployments and paved-road InferencePools into PodCliqueSets; off where another operator does',
      ),
    keepFrontend: z
      .boolean()
      .default(false)
      .describe(
        'Keep the frontends of Dynamo graphs whose annotation penstock.dev/keep-frontend says nothing',
      ),
    engineImage: z
      .string()
      .min(1)
      .max(1024)
      .default('vllm/vllm-openai:v0.18.0')
      .describe('Image of the engines of paved-road InferencePools'),
    tierCpuHostPath: hostPath().describe(
      'Folder of the CPU tier on every node, on tmpfs, for engines of paved-road InferencePools; absent = they keep KV blocks in GPU memory',
    ),
    tierSsdHostPath: hostPath().describe('Folder of the SSD tier on every node; absent = none'),
    tierChunkBlocks: z
      .number()
      .int()
      .min(1)
      .max(65_536)
      .default(32)
      .describe('Blocks of an engine in one file of these tiers'),
    tierStagingBytes: z
      .number()
      .int()
      .min(1)
      .max(Number.MAX_SAFE_INTEGER)
      .default(8_589_934_592)
      .describe('CPU memory of each such engine through which the files pass, in bytes'),
    startupGateImage: z
      .string()
      .min(1)
      .max(1024)
      .default('penstock/startup-gate')
      .describe('Image of the init container that holds back a pod until the cliques before it are ready'),
    startupGateCommand: z
      .string()
      .max(4096)
      .regex(/^\/\S*$/, 'must be the absolute path of a program, without arguments')
      .optional()
      .describe('Program of that image which is the gate; absent = the entry point of the image'),
  },
);

export type PlacerConfig = ConfigOf<typeof config>;
