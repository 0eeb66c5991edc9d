import type { SuiteRecord } from '../suite/state.js';

/** Service that has a gRPC interface and a metrics page. */
export const SERVICES = [
  'scheduler',
  'kv-index',
  'autoscaler',
  'gang-placer',
  'kv-offload',
  'kv-node',
] as const;
export type ServiceName = (typeof SERVICES)[number];

/** Where the parts of one installation are. What is absent is not known, and not guessed. */
export interface Addresses {
  /** The suite on this machine that they are read from; absent when they were given. */
  readonly suite?: SuiteRecord;
  /** gRPC addresses, `host:port`. */
  readonly grpc: Readonly<Partial<Record<ServiceName, readonly string[]>>>;
  /** Pages with `/metrics` and `/readyz`, `http://host:port`. */
  readonly metrics: Readonly<Partial<Record<ServiceName, readonly string[]>>>;
  readonly frontDoor?: string;
  readonly natsUrls?: readonly string[];
  readonly redisUrls?: readonly string[];
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** The addresses of a suite that `penstock up` runs. */
export function addressesOfSuite(suite: SuiteRecord): Addresses {
  const { urls } = suite;
  return {
    suite,
    grpc: {
      scheduler: [urls.schedulerGrpc],
      'kv-index': [urls.kvIndexGrpc],
      autoscaler: [urls.autoscalerGrpc],
      'gang-placer': [urls.gangPlacerGrpc],
      'kv-offload': [urls.kvOffloadGrpc],
    },
    metrics: {
      scheduler: urls.schedulerMetrics,
      'kv-index': [urls.kvIndexMetrics],
      autoscaler: [urls.autoscalerMetrics],
      'gang-placer': [urls.gangPlacerMetrics],
      'kv-offload': [urls.kvOffloadMetrics],
    },
    frontDoor: urls.frontDoor,
    natsUrls: [urls.nats],
    redisUrls: [urls.redis],
    kubeconfig: suite.kubeconfig,
  };
}
