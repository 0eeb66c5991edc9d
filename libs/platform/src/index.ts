export { baseKeys, durationMs, portNumber } from './config/base-keys.js';
export { leaseKeys, objectName } from './config/cluster-keys.js';
export { type ConfigDefinition, type ConfigOf, defineConfig } from './config/config-definition.js';
export { ConfigError } from './config/config-error.js';
export { configHelp, configReference } from './config/config-help.js';
export { envOf, flagOf } from './config/key-names.js';
export { type LoadedConfig, loadConfig } from './config/load-config.js';
export { maskConfig, maskUrl } from './config/mask-config.js';
export { ServiceError, type ServiceErrorReason } from './errors/service-error.js';
export { type CallOptions, createGrpcClient, type GrpcClient, type GrpcMethods } from './grpc/grpc-client.js';
export { GrpcErrorFilter, grpcStatusOf } from './grpc/grpc-error-filter.js';
export { parseRequest } from './grpc/parse-request.js';
export { protoPath, protoRoot } from './grpc/proto-path.js';
export { busCheck, clusterCheck } from './health/dependency-checks.js';
export { type HealthCheck, HealthChecks, type HealthReport } from './health/health-checks.js';
export {
  type EngineContents,
  openReplicaHost,
  type ReplicaHost,
  type ReplicaHostOptions,
  type ReplicaHostStatus,
} from './kv-arena/index.js';
export { createLogger } from './logging/create-logger.js';
export { BoundedLabel } from './metrics/bounded-label.js';
export { createRegistry } from './metrics/create-registry.js';
export { bootstrap } from './service/bootstrap.js';
export { type RunningService, runService, type ServiceDefinition } from './service/run-service.js';
export * from './service/service-context.js';
export type { HttpOptions } from './service/start-servers.js';
export { systemClock } from './service/system-clock.js';
export type { Span, Tracing } from './tracing/span.js';
export {
  childTraceContext,
  formatTraceparent,
  parseTraceparent,
  propagateTraceparent,
  type TraceContext,
} from './tracing/trace-context.js';
export { createTracing } from './tracing/tracing.js';
