import type { IncomingHttpHeaders } from 'node:http';

/** Hop-by-hop headers (RFC 9110 §7.6.1) and those that this hop sets itself. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'content-length',
  'expect',
  'accept-encoding',
  'content-encoding',
]);

/**
 * Routing and identity headers that only the control plane may set. A client that sends one must not be able
 * to choose the engine, another tenant or a prefill peer, so they never reach an engine.
 */
const ROUTING = new Set([
  'x-prefiller-host-port',
  'x-encoder-hosts-ports',
  'x-data-parallel-host-port',
  'x-data-parallel-rank',
  'x-kv-cache-source-host-port',
  'x-session-token',
  'x-request-id',
  'traceparent',
  'tracestate',
  'prefer',
  'test-epp-endpoint-selection',
  'x-conformance-test-served-endpoint',
  'forwarded',
]);
const ROUTING_PREFIXES = [
  'x-gateway-',
  'x-llm-d-',
  'x-slo-',
  'x-envoy-',
  'x-penstock-',
  'x-forwarded-',
  'envoy.',
];

/** Headers of the client's request that go to the engine, plus ours. Names are lower case, as Node gives them. */
export function engineHeaders(
  incoming: IncomingHttpHeaders,
  requestId: string,
  traceparent: string,
): Record<string, string> {
  const headers: Record<string, string> = {};
  const named = connectionNamed(incoming.connection);
  for (const name in incoming) {
    const value = incoming[name];
    if (value === undefined || HOP_BY_HOP.has(name) || ROUTING.has(name) || named?.has(name)) continue;
    if (ROUTING_PREFIXES.some((prefix) => name.startsWith(prefix))) continue;
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  headers['x-request-id'] = requestId;
  headers['traceparent'] = traceparent;
  return headers;
}

/** Headers of the engine's answer that go to the client. */
export function clientHeaders(answer: IncomingHttpHeaders): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const name in answer) {
    const value = answer[name];
    if (value === undefined) continue;
    if (name !== 'content-length' && name !== 'content-encoding' && HOP_BY_HOP.has(name)) continue;
    if (name.startsWith('x-penstock-') || name === 'x-request-id') continue;
    headers[name] = value;
  }
  return headers;
}

function connectionNamed(connection: string | undefined): Set<string> | undefined {
  if (!connection || connection === 'keep-alive' || connection === 'close') return undefined;
  return new Set(connection.split(',').map((name) => name.trim().toLowerCase()));
}

const REQUEST_ID = /^[A-Za-z0-9._:@/+=-]{1,128}$/;

/** The client's `x-request-id` when it is a plain token, else undefined. */
export function clientRequestId(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' && REQUEST_ID.test(value) ? value : undefined;
}
