import { status } from '@grpc/grpc-js';
import { Catch, type ExceptionFilter } from '@nestjs/common';
import { RpcException } from '@nestjs/microservices';
import type { Logger } from 'pino';
import { type Observable, throwError } from 'rxjs';
import { z } from 'zod';
import { ServiceError, type ServiceErrorReason } from '../errors/service-error.js';

const CODES: Record<ServiceErrorReason, status> = {
  'invalid-argument': status.INVALID_ARGUMENT,
  'not-found': status.NOT_FOUND,
  'failed-precondition': status.FAILED_PRECONDITION,
  exhausted: status.RESOURCE_EXHAUSTED,
  unavailable: status.UNAVAILABLE,
  'deadline-exceeded': status.DEADLINE_EXCEEDED,
  cancelled: status.CANCELLED,
  unimplemented: status.UNIMPLEMENTED,
  internal: status.INTERNAL,
};

/** gRPC code and message of an error: what, where and how to fix, never a stack or the request's content. */
export function grpcStatusOf(error: unknown): { code: status; details: string; message: string } {
  if (error instanceof ServiceError)
    return { code: CODES[error.reason], details: error.message, message: error.message };
  if (error instanceof z.ZodError) {
    const details = error.issues
      .slice(0, 10)
      .map((issue) => `${issue.path.join('.') || 'request'}: ${issue.message}`)
      .join('; ');
    return { code: status.INVALID_ARGUMENT, details, message: details };
  }
  if (error instanceof RpcException) {
    const inner = error.getError();
    if (typeof inner === 'object' && 'code' in inner && typeof inner.code === 'number') {
      return { code: inner.code, details: error.message, message: error.message };
    }
  }
  const details = 'internal error; the server log has the cause';
  return { code: status.INTERNAL, details, message: details };
}

/** Turns whatever a gRPC handler throws into a gRPC status. */
@Catch()
export class GrpcErrorFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown): Observable<never> {
    const answer = grpcStatusOf(error);
    if (answer.code === status.INTERNAL) this.logger.error({ err: error }, 'a gRPC call failed unexpectedly');
    return throwError(() => answer);
  }
}
