import { z } from 'zod';

/** A TCP port; 0 asks the system for a free one. */
export const portNumber = (defaultPort: number, description: string) =>
  z.number().int().min(0).max(65_535).default(defaultPort).describe(`${description}; 0 = any free port`);

/** A duration in milliseconds with a lower bound of 1. */
export const durationMs = (defaultMs: number, description: string) =>
  z.number().int().min(1).max(86_400_000).default(defaultMs).describe(`${description}, in milliseconds`);

/** Keys of every service. */
export const baseKeys = {
  host: z.string().min(1).default('127.0.0.1').describe('Address every listener binds to'),
  metricsPort: portNumber(9090, 'Port of /metrics, /healthz and /readyz'),
  instance: z
    .string()
    .max(253)
    .default('')
    .describe('Name of this replica in events, logs and traces; empty = <service>-<pid>'),
  logLevel: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('Least severe log level written'),
  tracingEndpoint: z
    .string()
    .regex(/^https?:\/\/\S+$/, 'must be an http:// or https:// URL')
    .optional()
    .describe('OTLP/HTTP traces URL, e.g. http://127.0.0.1:4318/v1/traces; absent = tracing off'),
  drainTimeoutMs: durationMs(10_000, 'How long requests in progress may take after SIGTERM'),
} satisfies z.ZodRawShape;
