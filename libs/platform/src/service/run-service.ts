import type { z } from 'zod';
import type { ConfigDefinition, ConfigOf } from '../config/config-definition.js';
import type { LoadedConfig } from '../config/load-config.js';
import { maskConfig } from '../config/mask-config.js';
import { PortError } from '../errors/port-error.js';
import { startAdminServer } from '../health/admin-server.js';
import { HealthChecks } from '../health/health-checks.js';
import { createLogger } from '../logging/create-logger.js';
import { createRegistry } from '../metrics/create-registry.js';
import { createTracing } from '../tracing/tracing.js';
import type { ServiceContext } from './service-context.js';
import { type HttpOptions, type Listeners, type ServerOptions, startServers } from './start-servers.js';

/** A service as its `main.ts` declares it. */
export interface ServiceDefinition<S extends z.ZodRawShape> extends Omit<ServerOptions, 'http'> {
  readonly config: ConfigDefinition<S>;
  readonly version?: string;
  /** Listens on `config.httpPort`. */
  readonly http?: HttpOptions | ((config: z.output<z.ZodObject<S>>) => HttpOptions);
  /** Further log field names. */
  readonly logFields?: readonly string[];
}

export interface RunningService {
  readonly context: ServiceContext;
  readonly listeners: Listeners & { readonly metrics: number };
  get<T>(token: unknown): T;
  /** Not ready first, then requests in progress get `drainTimeoutMs`. False when they ran over. */
  stop(): Promise<boolean>;
}

interface Base {
  host: string;
  metricsPort: number;
  instance: string;
  logLevel: string;
  tracingEndpoint?: string;
  drainTimeoutMs: number;
  httpPort?: number;
  grpcPort?: number;
}

/** Starts a service from a loaded configuration. The metrics listener opens first, so start-up can be watched. */
export async function runService<S extends z.ZodRawShape>(
  definition: ServiceDefinition<S>,
  loaded: LoadedConfig<ConfigOf<ConfigDefinition<S>>>,
): Promise<RunningService> {
  const config = loaded.config as z.output<z.ZodObject<S>>;
  const base = loaded.config as unknown as Base;
  const service = definition.config.service;
  const instance = base.instance || `${service}-${process.pid}`;
  const version = definition.version ?? '0.1.0';
  const fields = definition.logFields;
  const logger = createLogger({ service, instance, level: base.logLevel, ...(fields ? { fields } : {}) });
  const registry = createRegistry(service, version);
  const health = new HealthChecks();
  const tracing = await createTracing({ service, instance, endpoint: base.tracingEndpoint });
  const context: ServiceContext = { service, instance, version, config, logger, registry, health, tracing };

  const { host, metricsPort } = base;
  const admin = await PortError.blame('metricsPort', metricsPort, () =>
    startAdminServer({ host, port: metricsPort, registry, health }),
  );
  const http = typeof definition.http === 'function' ? definition.http(config) : definition.http;
  const { http: _, ...servers } = definition;
  const started = await startServers(
    context,
    { ...servers, ...(http ? { http } : {}) },
    { host, httpPort: base.httpPort ?? 0, grpcPort: base.grpcPort ?? 0 },
  ).catch(async (error: unknown) => {
    await admin.close();
    throw error;
  });
  health.setPhase('serving');
  const followReadiness = async () => {
    const { status } = await health.report();
    started.setServing(status === 'ok' || status === 'degraded');
  };
  await followReadiness();
  const timer = setInterval(() => void followReadiness(), 5000);
  timer.unref();
  const listeners = { ...started.listeners, metrics: admin.port };
  logger.debug(
    { config: maskConfig(definition.config, loaded.config as never), sources: loaded.sources },
    'configuration',
  );
  logger.info({ addresses: { host, ...listeners }, version }, 'ready');

  let stopping: Promise<boolean> | undefined;
  const stop = async (): Promise<boolean> => {
    clearInterval(timer);
    health.setPhase('draining');
    started.setServing(false);
    // A server closes the connections that are idle now; those that become idle while it drains are ours to close.
    const idle = setInterval(() => started.closeConnections('idle'), IDLE_CHECK_MS);
    const drained = await within(base.drainTimeoutMs, started.app.close());
    clearInterval(idle);
    if (!drained) started.closeConnections('all');
    await tracing.stop().catch(() => {});
    await admin.close();
    return drained;
  };
  return {
    context,
    listeners,
    get: (token) => started.app.get(token as never, { strict: false }),
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

const IDLE_CHECK_MS = 100;

async function within(limitMs: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  const done = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return done;
}
