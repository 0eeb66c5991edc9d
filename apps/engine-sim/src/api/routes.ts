import type { Registry } from 'prom-client';
import type { Failures } from '../engine/failures.js';
import type { SimulatedEngine } from '../engine/simulated-engine.js';
import { ApiError } from './api-error.js';
import type { CompletionApi } from './completion-api.js';
import { type DebugApi, isLoopback } from './debug-api.js';
import type { Handler, Routes } from './http-server.js';
import { sendJson } from './send.js';
import type { TokenizeApi } from './tokenize-api.js';

export interface RouteParts {
  readonly completions: CompletionApi;
  readonly tokenize: TokenizeApi;
  /** Absent: no /debug endpoints. */
  readonly debug?: DebugApi;
  readonly engine: SimulatedEngine;
  readonly failures: Failures;
  readonly registry: Registry;
  readonly model: string;
  readonly servedModelNames: readonly string[];
  readonly maxModelLenTokens: number;
  /** Whether the process is shutting down. */
  readonly draining: () => boolean;
}

/** Every endpoint of the engine. */
export function createRoutes(parts: RouteParts): Routes {
  const { completions, tokenize, debug, engine, failures, registry } = parts;
  const served = (handler: Handler): Handler => {
    return async (request, response, requestId) => {
      if (failures.plan.hang === 'server') await failures.untilAnswering();
      if (parts.draining()) throw new ApiError(503, 'The engine is shutting down');
      await handler(request, response, requestId);
    };
  };
  const local = (handler: Handler): Handler => {
    return (request, response, requestId) => {
      if (!isLoopback(request)) throw new ApiError(404, 'The /debug endpoints answer to this machine only');
      return handler(request, response, requestId);
    };
  };
  const models = modelList(parts);
  return {
    '/v1/completions': { POST: served((q, r, id) => completions.completions(q, r, id)) },
    '/v1/chat/completions': { POST: served((q, r, id) => completions.chatCompletions(q, r, id)) },
    '/v1/models': { GET: served((_, r) => sendJson(r, 200, models)) },
    '/tokenize': { POST: served((q, r) => tokenize.tokenize(q, r)) },
    '/v1/completions/render': { POST: served((q, r, id) => tokenize.renderCompletion(q, r, id)) },
    '/v1/chat/completions/render': { POST: served((q, r, id) => tokenize.renderChat(q, r, id)) },
    '/detokenize': { POST: served((q, r) => tokenize.detokenize(q, r)) },
    '/health': { GET: served((_, r) => void r.writeHead(200, { 'content-length': 0 }).end()) },
    '/reset_prefix_cache': {
      POST: served((_, r) => {
        if (!engine.resetCache())
          throw new ApiError(409, 'The prefix cache is in use: try again when no request runs');
        r.writeHead(200, { 'content-length': 0 }).end();
      }),
    },
    '/metrics': {
      GET: served(async (_, r) => {
        const text = await registry.metrics();
        r.writeHead(200, { 'content-type': registry.contentType }).end(text);
      }),
    },
    ...(debug && {
      '/debug/cache': { GET: local((_, r) => debug.dumpCache(r)) },
      '/debug/chunks': { POST: local((q, r) => debug.showChunks(q, r)) },
      '/debug/failures': {
        GET: local((_, r) => debug.showFailures(r)),
        POST: local((q, r) => debug.setFailures(q, r)),
      },
    }),
  };
}

function modelList({ model, servedModelNames, maxModelLenTokens }: RouteParts): string {
  const created = Math.floor(Date.now() / 1000);
  return JSON.stringify({
    object: 'list',
    data: servedModelNames.map((id) => ({
      id,
      object: 'model',
      created,
      owned_by: 'vllm',
      root: model,
      parent: null,
      max_model_len: maxModelLenTokens,
    })),
  });
}
