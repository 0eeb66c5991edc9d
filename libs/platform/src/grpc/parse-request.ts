import type { z } from 'zod';
import { ServiceError } from '../errors/service-error.js';

/** Checks a gRPC request against a schema; throws `invalid-argument` naming every wrong field. */
export function parseRequest<S extends z.ZodType>(schema: S, request: unknown): z.output<S> {
  const parsed = schema.safeParse(request);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues
    .slice(0, 10)
    .map((i) => `${i.path.join('.') || 'request'}: ${i.message}`);
  throw new ServiceError('invalid-argument', problems.join('; '));
}
