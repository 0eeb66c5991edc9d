import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RequestHandler } from './request-handler.js';

export interface ApiServer {
  readonly url: string;
  /** Cuts every connection, open watches included. */
  stop(): Promise<void>;
}

/** @throws Error naming the address when it cannot be listened on */
export async function startApiServer(
  handler: RequestHandler,
  host: string,
  port: number,
): Promise<ApiServer> {
  const server = createServer({ keepAlive: true, requestTimeout: 60_000 }, handler);
  // Watches stay open for hours; only requests that do not arrive in full are cut off.
  server.timeout = 0;
  server.keepAliveTimeout = 65_000;
  await listen(server, host, port);
  const { port: boundPort } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${boundPort}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const hint =
        error.code === 'EADDRINUSE'
          ? 'the port is taken; choose another with --port, or 0 for any'
          : error.message;
      reject(new Error(`dev cluster cannot listen on ${host}:${port}: ${hint}`));
    });
    server.listen(port, host, resolve);
  });
}
