import { DEFAULT_SCALING_OPTIONS as DEFAULTS } from '@penstock/core/scaling';
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
const count = (defaultCount: number, description: string) =>
  z.number().int().min(0).max(1_000_000).default(defaultCount).describe(description);

/** Every setting of autoscaler. */
export const config = defineConfig(
  'autoscaler',
  'Decides how many replicas every variant of a pool has, and scales them',
  {
    metricsPort: portNumber(9092, 'Port of /metrics, /healthz and /readyz'),
    grpcPort: portNumber(9103, 'Port of penstock.autoscaler.v1'),
    natsUrl: z
      .string()
      .refine(areNatsUrls, 'must be a nats:// or tls:// URL, or several with commas between')
      .default('nats://127.0.0.1:4222')
      .describe('NATS servers, comma-separated'),
    kubeconfig: z
      .string()
      .optional()
      .describe('Kubeconfig file; absent = $KUBECONFIG, else the service account of the pod'),
    namespace: objectName(63).optional().describe('Scale variants of this namespace only; absent = all'),
    ...leaseKeys('autoscaler'),
    intervalMs: durationMs(
      1_000,
      'How often replicas are decided; a waiting request is looked at when it is reported',
    ),
    staleMs: durationMs(5_000, 'Reports and engine figures older than this are not used'),
    kvThreshold: share(DEFAULTS.kvThreshold, 'Share of an engine’s KV cache that counts as its capacity'),
    queueThreshold: count(
      DEFAULTS.queueThreshold,
      'Waiting requests from which on a replica counts as saturated',
    ),
    upUtilisation: share(DEFAULTS.upUtilisation, 'Scale up when demand exceeds this share of the capacity'),
    downUtilisation: share(
      DEFAULTS.downUtilisation,
      'Scale down when demand stays below this share of the capacity of one replica less',
    ),
    upPeriodMs: durationMs(DEFAULTS.upPeriodMs, 'Period in which the number of added replicas is bounded'),
    upShare: z
      .number()
      .min(0)
      .max(100)
      .default(DEFAULTS.upShare)
      .describe('Replicas that may be added in a period, as a share of those at its beginning'),
    upReplicas: count(DEFAULTS.upReplicas, 'Replicas that may be added in a period in any case'),
    downWindowMs: durationMs(
      DEFAULTS.downWindowMs,
      'Fewer replicas must have been enough for this long before one is removed',
    ),
    idleMs: durationMs(
      DEFAULTS.idleMs,
      'Time without a request after which the last replica of a variant with minReplicas 0 goes',
    ),
    pendingTimeoutMs: durationMs(
      DEFAULTS.pendingTimeoutMs,
      'Replicas that do not start for this long are not counted on',
    ),
    engineDrainTimeoutMs: durationMs(
      300_000,
      'Longest time that the requests of a replica to be removed get to finish',
    ),
    engineDrainQuietMs: durationMs(
      2_000,
      'Shortest time between telling that a replica is drained and taking it for idle',
    ),
  },
);

export type AutoscalerConfig = ConfigOf<typeof config>;
