import { type AddressInfo, createServer, type Server as NetServer } from 'node:net';
import { logVerbosity, Server, ServerCredentials, setLogVerbosity } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { ServerGrpc } from '@nestjs/microservices';
import { HealthImplementation } from 'grpc-health-check';
import { loadProtos, packageOf } from './proto-loading.js';
import { reflectedFiles } from './reflected-files.js';

export interface GrpcServerOptions {
  /** Proto services to serve, as `protoPath` takes them, e.g. `['kvindex']`. */
  readonly services: readonly string[];
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** Largest message accepted, in bytes. */
  readonly maxMessageBytes: number;
  /** Lets several processes listen on the same port. */
  readonly reusePort?: boolean;
}

/**
 * Nest's gRPC transport with health (`grpc.health.v1`) and reflection on, and the port it really got.
 * Use as `connectMicroservice({ strategy: new GrpcServer(...) })`.
 */
export class GrpcServer extends ServerGrpc {
  /** Bound port; 0 before `listen`. */
  port = 0;
  private readonly healthService = new HealthImplementation();
  private readonly serviceNames: string[];
  private listener: NetServer | undefined;

  constructor(private readonly serverOptions: GrpcServerOptions) {
    const packageDefinition = loadProtos(serverOptions.services);
    super({
      package: serverOptions.services.map(packageOf),
      packageDefinition,
      url: `${serverOptions.host}:${serverOptions.port}`,
      gracefulShutdown: true,
    });
    const packages = serverOptions.services.map((service) => `${packageOf(service)}.`);
    this.serviceNames = Object.entries(packageDefinition)
      .filter(([, definition]) => !('format' in definition))
      .map(([name]) => name)
      .filter((name) => packages.some((prefix) => name.startsWith(prefix)));
    this.setServing(false);
    // grpc-js prints to the console by itself; every error it prints also reaches us as an error.
    setLogVerbosity(logVerbosity.NONE);
  }

  /** Sets the health status of the server and each of its services. */
  setServing(serving: boolean): void {
    for (const name of ['', ...this.serviceNames]) {
      this.healthService.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
    }
  }

  override async createClient(): Promise<Server> {
    const { host, port, maxMessageBytes, services, reusePort } = this.serverOptions;
    const server = new Server({
      'grpc.max_receive_message_length': maxMessageBytes,
      'grpc.max_send_message_length': maxMessageBytes,
      'grpc.max_concurrent_streams': 1000,
      'grpc.keepalive_time_ms': 60_000,
    });
    this.healthService.addToServer(server);
    new ReflectionService(reflectedFiles(services)).addToServer(server);
    if (reusePort) this.port = await this.listenShared(server, host, port);
    else {
      this.port = await new Promise<number>((resolve, reject) => {
        server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
          error ? reject(error) : resolve(bound),
        );
      });
    }
    return server;
  }

  override async close(): Promise<void> {
    this.listener?.close();
    await super.close();
  }

  /** grpc-js cannot share a port; a listener of ours can, and hands it the connections. */
  private listenShared(server: Server, host: string, port: number): Promise<number> {
    const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
    const listener = createServer((socket) => injector.injectConnection(socket));
    this.listener = listener;
    return new Promise((resolve, reject) => {
      listener.once('error', reject);
      listener.listen({ host, port, reusePort: true }, () =>
        resolve((listener.address() as AddressInfo).port),
      );
    });
  }
}
