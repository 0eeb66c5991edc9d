import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Resolves when the connection of the request is gone before its answer was complete. */
  readonly aborted: Promise<void>;
}

/** What the engine does with the next completions. */
export type Behaviour =
  | {
      readonly kind: 'stream';
      readonly tokens: number;
      readonly delayMs?: number;
      readonly dieAfter?: number;
      readonly usage?: boolean;
    }
  | { readonly kind: 'json' }
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  | { readonly kind: 'hang' }
  /** As many bytes as the connection takes, until it is closed. */
  | { readonly kind: 'flood' }
  | { readonly kind: 'die-early'; readonly afterHead?: boolean };

export interface FakeEngine {
  readonly port: number;
  readonly seen: SeenRequest[];
  /** Bytes written by `flood`. */
  flooded: number;
  behaviour: Behaviour;
  /** For the next completions, one each, before `behaviour` applies. */
  readonly next: Behaviour[];
  waiting: number;
  models: Array<{ id: string; parent?: string }>;
  /** What it turns a prompt into, at `/tokenize` or at the render endpoints; neither exists when absent. */
  tokenize?: {
    readonly api: 'tokenize' | 'render';
    readonly of: (body: { prompt?: string; messages?: object[] }) => ArrayLike<number> | Promise<never>;
  };
  /** Requests to any of them. */
  tokenizings: number;
  stop(): Promise<void>;
  /** Listens again where it did before. */
  restart(): Promise<void>;
}

const FLOOD = Buffer.alloc(65_536, 'data: x\n\n');
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** An engine whose answers a test scripts: enough of vLLM's HTTP for the scheduler. */
export async function startFakeEngine(host: string, port = 0): Promise<FakeEngine> {
  const engine = {
    seen: [] as SeenRequest[],
    flooded: 0,
    behaviour: { kind: 'stream', tokens: 3 } as Behaviour,
    next: [] as Behaviour[],
    waiting: 0,
    models: [{ id: 'base' }] as FakeEngine['models'],
    tokenizings: 0,
  };
  const server = createServer((request, response) => {
    if (request.url === '/metrics') {
      response.end(
        `vllm:num_requests_waiting{model_name="base"} ${engine.waiting}\nvllm:num_requests_running{model_name="base"} 0\n` +
          'vllm:kv_cache_usage_perc{model_name="base"} 0.25\nvllm:cache_config_info{block_size="4",num_gpu_blocks="100"} 1\n',
      );
    } else if (request.url === '/v1/models') {
      response.end(
        JSON.stringify({ object: 'list', data: engine.models.map((m) => ({ object: 'model', ...m })) }),
      );
    } else if (isTokenizing(request.url)) void tokenize(engine, request, response);
    else void complete(engine, request, response);
  });
  const listen = (at: number) => new Promise<void>((resolve) => server.listen(at, host, resolve));
  await listen(port);
  const taken = (server.address() as AddressInfo).port;
  return Object.assign(engine, {
    port: taken,
    restart: () => listen(taken),
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

const isTokenizing = (url = ''): boolean => url === '/tokenize' || url.endsWith('/render');

async function tokenize(
  engine: Pick<FakeEngine, 'tokenize' | 'tokenizings'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  engine.tokenizings++;
  const { url = '' } = request;
  const { tokenize: script } = engine;
  if (!script || (script.api === 'tokenize') !== (url === '/tokenize')) {
    response.writeHead(404).end('{"detail":"Not Found"}');
    return;
  }
  const body = JSON.parse(Buffer.concat(chunks).toString()) as { prompt?: string; messages?: object[] };
  const ids = Array.from(await script.of(body));
  const rendered = url === '/v1/completions/render' ? [{ token_ids: ids }] : { token_ids: ids };
  const answer =
    script.api === 'tokenize' ? { count: ids.length, max_model_len: 4096, tokens: ids } : rendered;
  response.end(JSON.stringify(answer));
}

async function complete(
  engine: Pick<FakeEngine, 'seen' | 'flooded' | 'behaviour' | 'next'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const aborted = new Promise<void>((resolve) =>
    response.once('close', () => !response.writableFinished && resolve()),
  );
  engine.seen.push({
    path: request.url ?? '',
    headers: request.headers,
    body: Buffer.concat(chunks),
    aborted,
  });
  const behaviour = engine.next.shift() ?? engine.behaviour;
  const head = { 'content-type': 'text/event-stream; charset=utf-8' };
  switch (behaviour.kind) {
    case 'hang':
      return;
    case 'flood':
      response.writeHead(200, head);
      while (!response.destroyed) {
        engine.flooded += FLOOD.length;
        if (!response.write(FLOOD))
          await new Promise((resolve) => response.once('drain', resolve).once('close', resolve));
      }
      return;
    case 'die-early':
      if (behaviour.afterHead) {
        response.writeHead(200, head);
        response.flushHeaders();
        await wait(20);
      }
      response.destroy();
      return;
    case 'status':
      response.writeHead(behaviour.status, { 'content-type': 'application/json', ...behaviour.headers });
      response.end(
        behaviour.body ?? '{"error":{"message":"engine says no","type":"x","param":null,"code":"y"}}',
      );
      return;
    case 'json':
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({
          choices: [{ text: 'hello' }],
          usage: { prompt_tokens: 8, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 4 } },
        }),
      );
      return;
    default:
      response.writeHead(200, head);
  }
  for (let i = 0; i < behaviour.tokens; i++) {
    if (i === behaviour.dieAfter) {
      await wait(20);
      response.destroy();
      return;
    }
    response.write(`data: {"choices":[{"text":" t${i}"}]}\n\n`);
    if (behaviour.delayMs) await wait(behaviour.delayMs);
    if (response.destroyed) return;
  }
  if (behaviour.usage) {
    response.write(
      `data: {"choices":[],"usage":{"prompt_tokens":8,"completion_tokens":${behaviour.tokens},"prompt_tokens_details":{"cached_tokens":4}}}\n\n`,
    );
  } else response.write('data: {"choices":[{"text":"","finish_reason":"stop"}]}\n\n');
  response.end('data: [DONE]\n\n');
}
