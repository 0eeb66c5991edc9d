import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly contentType?: string;
  readonly body: unknown;
  readonly atMs: number;
}

export type Script = (request: SeenRequest, response: ServerResponse) => void | Promise<void>;

/** An HTTP server that answers as the test says and remembers what it was asked. */
export class ScriptedApiServer {
  readonly requests: SeenRequest[] = [];
  connections = 0;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  constructor(public script: Script) {}

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get watches(): SeenRequest[] {
    return this.requests.filter((request) => request.query.get('watch') === 'true');
  }

  get lists(): SeenRequest[] {
    return this.requests.filter((request) => request.method === 'GET' && !request.query.has('watch'));
  }

  async start(): Promise<this> {
    const server = createServer((request, response) => void this.#answer(request, response));
    server.on('connection', (socket) => {
      this.connections++;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
    return this;
  }

  /** Cuts every connection and refuses new ones; `start` comes back on the same port. */
  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server?.close(() => resolve()));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://x');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const seen: SeenRequest = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      contentType: request.headers['content-type'],
      body: text === '' ? undefined : JSON.parse(text),
      atMs: performance.now(),
    };
    this.requests.push(seen);
    await this.script(seen, response);
  }
}

export function json(response: ServerResponse, status: number, body: unknown, headers: object = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** A refusal as the API server words it. */
export function status(response: ServerResponse, code: number, reason: string, headers: object = {}): void {
  json(
    response,
    code,
    { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: `${reason} here` },
    headers,
  );
}

export function list(response: ServerResponse, resourceVersion: string, items: object[]): void {
  json(response, 200, { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion }, items });
}

/** Starts a watch and sends these events; the caller keeps the response to send more or to end it. */
export function watch(response: ServerResponse, events: Array<{ type: string; object: object }> = []): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  for (const event of events) response.write(`${JSON.stringify(event)}\n`);
}

export function pod(name: string, resourceVersion: string, uid = `uid-${name}`) {
  return { metadata: { namespace: 'default', name, uid, resourceVersion } };
}
