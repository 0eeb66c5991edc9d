import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import type { HealthChecks } from './health-checks.js';

export interface AdminServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves `/metrics` (Prometheus text), `/healthz` (the process answers) and `/readyz` (200 when ready or
 * degraded, 503 when starting, not ready or draining; JSON detail of every check).
 */
export async function startAdminServer(options: {
  readonly host: string;
  readonly port: number;
  readonly registry: Registry;
  readonly health: HealthChecks;
}): Promise<AdminServer> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0];
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return send(response, 405, { error: 'use GET' });
    answer(path ?? '/', options.registry, options.health, response).catch((error: unknown) => {
      if (!response.headersSent)
        send(response, 500, { error: error instanceof Error ? error.message : 'failed' });
      else response.destroy();
    });
  });
  server.headersTimeout = 5000;
  server.requestTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: options.host, port: options.port }, resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: () => close(server) };
}

async function answer(
  path: string,
  registry: Registry,
  health: HealthChecks,
  response: ServerResponse,
): Promise<void> {
  if (path === '/metrics') {
    const text = await registry.metrics();
    response.writeHead(200, { 'content-type': registry.contentType }).end(text);
  } else if (path === '/healthz' || path === '/livez') {
    send(response, 200, { status: 'ok' });
  } else if (path === '/readyz') {
    const report = await health.report();
    send(response, report.status === 'ok' || report.status === 'degraded' ? 200 : 503, report);
  } else {
    send(response, 404, { error: 'not found; there are /metrics, /healthz and /readyz' });
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
