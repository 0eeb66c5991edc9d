import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTracing, parseTraceparent } from '../src/index.js';

interface Export {
  resourceSpans: Array<{
    resource: { attributes: unknown[] };
    scopeSpans: Array<{
      spans: Array<{
        name: string;
        traceId: string;
        spanId: string;
        parentSpanId: string;
        status: { message?: string };
      }>;
    }>;
  }>;
}

describe('tracing to an OTLP collector', () => {
  const received: Export[] = [];
  const collector = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    received.push(JSON.parse(Buffer.concat(chunks).toString()) as Export);
    response.setHeader('content-type', 'application/json').end('{}');
  });
  beforeAll(() => new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve)));
  afterAll(() => new Promise<void>((resolve) => collector.close(() => resolve())));
  const endpoint = () => `http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/traces`;

  it('exports a span that continues the caller’s trace', async () => {
    const tracing = await createTracing({ service: 'demo', instance: 'demo-0', endpoint: endpoint() });
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const span = tracing.startSpan('work', `00-${trace}-00f067aa0ba902b7-01`);
    span.setAttribute('pool', 'p');
    span.end('it failed');
    await tracing.stop();
    const sent = received[0]?.resourceSpans[0]?.scopeSpans[0]?.spans[0];
    expect(sent).toMatchObject({
      name: 'work',
      traceId: trace,
      parentSpanId: '00f067aa0ba902b7',
      status: { message: 'it failed' },
    });
    expect(parseTraceparent(span.traceparent)).toEqual({
      traceId: trace,
      spanId: sent?.spanId,
      sampled: true,
    });
    expect(JSON.stringify(received[0]?.resourceSpans[0]?.resource)).toContain('demo-0');
  });

  it('does nothing but hand the trace on without an endpoint', async () => {
    const tracing = await createTracing({ service: 'demo', instance: 'demo-0' });
    expect(tracing.enabled).toBe(false);
    expect(parseTraceparent(tracing.startSpan('x').traceparent)).toBeDefined();
    await tracing.stop();
  });
});
