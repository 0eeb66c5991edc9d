import { randomBytes } from 'node:crypto';

/** W3C Trace Context, https://www.w3.org/TR/trace-context/: version 00. */
export interface TraceContext {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hex digits, not all zero. */
  readonly spanId: string;
  readonly sampled: boolean;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Reads a `traceparent` value; undefined when it is absent or invalid, as the standard demands. */
export function parseTraceparent(value: string | undefined): TraceContext | undefined {
  const match = value ? TRACEPARENT.exec(value) : null;
  if (!match) return undefined;
  const [, version, traceId = '', spanId = '', flags = '00', rest] = match;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export const formatTraceparent = (context: TraceContext): string =>
  `00-${context.traceId}-${context.spanId}-${context.sampled ? '01' : '00'}`;

/** A new span in the caller's trace, or in a new unsampled trace when there is no valid parent. */
export function childTraceContext(parent: TraceContext | undefined): TraceContext {
  const bytes = randomBytes(24).toString('hex');
  return {
    traceId: parent?.traceId ?? bytes.slice(16),
    spanId: bytes.slice(0, 16),
    sampled: parent?.sampled ?? false,
  };
}

/** The `traceparent` to send on to the next hop of a request that came with `incoming`. */
export const propagateTraceparent = (incoming: string | undefined): string =>
  formatTraceparent(childTraceContext(parseTraceparent(incoming)));
