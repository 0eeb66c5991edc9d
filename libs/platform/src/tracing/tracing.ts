import type { Tracing } from './span.js';
import { childTraceContext, formatTraceparent, parseTraceparent } from './trace-context.js';

const propagateOnly: Tracing = {
  enabled: false,
  startSpan: (_name, parent) => ({
    traceparent: formatTraceparent(childTraceContext(parseTraceparent(parent))),
    setAttribute: () => {},
    end: () => {},
  }),
  stop: async () => {},
};

/**
 * Tracing for one service. OpenTelemetry is loaded only when `endpoint` (an OTLP/HTTP traces URL) is given;
 * spans are exported in batches and dropped, never awaited, when the collector is away.
 */
export async function createTracing(options: {
  readonly service: string;
  readonly instance: string;
  readonly endpoint?: string | undefined;
}): Promise<Tracing> {
  if (!options.endpoint) return propagateOnly;
  const { startOtlpTracing } = await import('./otlp-tracing.js');
  return startOtlpTracing(options.service, options.instance, options.endpoint);
}
