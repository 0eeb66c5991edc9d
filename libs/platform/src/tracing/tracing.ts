import { childTraceContext, formatTraceparent, parseTraceparent } from './trace-context.js';

/** One timed piece of work. `traceparent` is what its callees get. */
export interface Span {
  readonly traceparent: string;
  setAttribute(name: string, value: string | number | boolean): void;
  end(error?: string): void;
}

/** Starts spans. Without a tracing endpoint it only hands trace context on, which costs next to nothing. */
export interface Tracing {
  readonly enabled: boolean;
  startSpan(name: string, parentTraceparent?: string): Span;
  stop(): Promise<void>;
}

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
