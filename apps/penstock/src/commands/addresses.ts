import type { SuiteRecord } from '../suite/state.js';

/** Services with a metrics page, and those of them that commands ask over gRPC. */
export const SERVICES = [
  'scheduler',
  'kv-index',
  'autoscaler',
  'gang-placer',
  'kv-offload',
  'kv-node',
] as const;
export type ServiceName = (typeof SERVICES)[number];
export const GRPC_SERVICES = ['scheduler', 'kv-index', 'gang-placer', 'kv-offload'] as const;
export type GrpcServiceName = (typeof GRPC_SERVICES)[number];

/** Where the parts of one installation are. What is absent is not known, and not guessed. */
export interface Addresses {
  /** The suite on this machine that they are read from; absent when they were given. */
  readonly suite?: SuiteRecord;
  /** gRPC addresses, `host:port`. */
  readonly grpc: Readonly<Partial<Record<GrpcServiceName, readonly string[]>>>;
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
