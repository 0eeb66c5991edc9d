import { type Context, ROOT_CONTEXT, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import type { Tracing } from './span.js';
import { formatTraceparent, parseTraceparent } from './trace-context.js';

/** Tracing through OpenTelemetry to an OTLP/HTTP collector. Imported only when an endpoint is configured. */
export function startOtlpTracing(service: string, instance: string, endpoint: string): Tracing {
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({
      'service.namespace': 'penstock',
      'service.name': service,
      'service.instance.id': instance,
    }),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url: endpoint, timeoutMillis: 5000 }))],
  });
  const tracer = provider.getTracer('penstock');
  return {
    enabled: true,
    startSpan: (name, parent) => {
      const span = tracer.startSpan(name, {}, contextOf(parent));
      const { traceId, spanId, traceFlags } = span.spanContext();
      return {
        traceparent: formatTraceparent({ traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 }),
        setAttribute: (key, value) => {
          span.setAttribute(key, value);
        },
        end: (error) => {
          if (error) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
          span.end();
        },
      };
    },
    stop: () => provider.shutdown(),
  };
}

function contextOf(traceparent: string | undefined): Context {
  const parent = parseTraceparent(traceparent);
  if (!parent) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: parent.traceId,
    spanId: parent.spanId,
    traceFlags: parent.sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
  });
}
