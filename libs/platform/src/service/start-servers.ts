import type { DynamicModule, INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { PortError } from '../errors/port-error.js';
import { GrpcErrorFilter } from '../grpc/grpc-error-filter.js';
import { GrpcServer } from '../grpc/grpc-server.js';
import { NestLogger } from '../logging/nest-logger.js';
import { ConnectionCloser } from './connection-closer.js';
import { rootModule } from './platform-module.js';
import type { ServiceContext } from './service-context.js';

/** Addresses a running service really listens on. */
export interface Listeners {
  http?: number;
  grpc?: number;
}

export interface HttpOptions {
  /** Options of Fastify's constructor: body limit, timeouts, … */
  readonly server?: ConstructorParameters<typeof FastifyAdapter>[0];
  /** Called before listening: content-type parsers, hooks, error handler. Nest's body parser is off. */
  readonly configure?: (app: NestFastifyApplication) => void | Promise<void>;
  /** Lets several processes listen on the same port; the kernel spreads connections over them. */
  readonly reusePort?: boolean;
}

export interface ServerOptions {
  readonly module: Type<unknown> | DynamicModule;
  readonly http?: HttpOptions;
  readonly grpc?: {
    readonly services: readonly string[];
    readonly maxMessageBytes?: number;
    readonly reusePort?: boolean;
  };
}

export interface StartedServers {
  readonly app: INestApplicationContext;
  readonly listeners: Listeners;
  setServing(serving: boolean): void;
  /** Ends HTTP connections that wait for a further request; all of them when asked to. */
  closeConnections(which: 'idle' | 'all'): void;
}

const MIB = 1024 * 1024;

/** Creates the Nest application of a service and opens its HTTP and gRPC listeners. */
export async function startServers(
  context: ServiceContext,
  options: ServerOptions,
  ports: { host: string; httpPort: number; grpcPort: number },
): Promise<StartedServers> {
  const root = rootModule(context, options.module);
  const logger = new NestLogger(context.logger);
  const nestOptions = { logger, bodyParser: false, abortOnError: false } as const;
  const listeners: Listeners = {};
  const grpc = options.grpc
    ? new GrpcServer({
        services: options.grpc.services,
        host: ports.host,
        port: ports.grpcPort,
        maxMessageBytes: options.grpc.maxMessageBytes ?? 16 * MIB,
        reusePort: options.grpc.reusePort ?? false,
      })
    : undefined;
  const errors = new GrpcErrorFilter(context.logger);
  let app: INestApplicationContext | undefined;
  let connections: ConnectionCloser | undefined;
  try {
    if (options.http) {
      const web = await NestFactory.create<NestFastifyApplication>(
        root,
        new FastifyAdapter(options.http.server),
        nestOptions,
      );
      app = web;
      connections = new ConnectionCloser(web.getHttpServer());
      await options.http.configure?.(web);
      if (grpc) {
        attachGrpc(web, grpc, errors);
        await PortError.blame('grpcPort', ports.grpcPort, () => web.startAllMicroservices());
      }
      const listen = { host: ports.host, port: ports.httpPort, reusePort: options.http.reusePort ?? false };
      await PortError.blame('httpPort', ports.httpPort, () => web.listen(listen));
      const bound = web.getHttpServer().address();
      listeners.http = bound !== null && typeof bound === 'object' ? bound.port : ports.httpPort;
    } else if (grpc) {
      const microservice = await NestFactory.createMicroservice(root, { ...nestOptions, strategy: grpc });
      app = microservice;
      microservice.useGlobalFilters(errors);
      await PortError.blame('grpcPort', ports.grpcPort, () => microservice.listen());
    } else {
      app = await NestFactory.createApplicationContext(root, nestOptions);
    }
  } catch (error) {
    await app?.close().catch(() => {});
    throw error;
  }
  if (grpc) listeners.grpc = grpc.port;
  return {
    app,
    listeners,
    setServing: (serving) => grpc?.setServing(serving),
    closeConnections: (which) => {
      if (which === 'idle') connections?.closeIdle();
      else connections?.closeAll();
    },
  };
}

/**
 * Adds the gRPC transport to an HTTP application. Its filters must be set before it is initialised; its module
 * hooks are the HTTP application's and must not run a second time.
 */
function attachGrpc(app: NestFastifyApplication, strategy: GrpcServer, errors: GrpcErrorFilter): void {
  const microservice = app.connectMicroservice({ strategy }, { deferInitialization: true });
  microservice.useGlobalFilters(errors);
  (microservice as unknown as { setIsInitHookCalled(called: boolean): void }).setIsInitHookCalled(true);
}
