import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { HealthChecks } from '../health/health-checks.js';
import type { Tracing } from '../tracing/span.js';

/** What every service gets from the platform. Injected with `@Inject(SERVICE_CONTEXT)` or one by one. */
export interface ServiceContext<C = unknown> {
  readonly service: string;
  readonly instance: string;
  readonly version: string;
  readonly config: C;
  readonly logger: Logger;
  readonly registry: Registry;
  readonly health: HealthChecks;
  readonly tracing: Tracing;
}

/** Injection tokens; everything is also in `SERVICE_CONTEXT`. */
export const SERVICE_CONTEXT = Symbol('SERVICE_CONTEXT');
export const CONFIG = Symbol('CONFIG');
export const LOGGER = Symbol('LOGGER');
export const REGISTRY = Symbol('REGISTRY');
export const HEALTH = Symbol('HEALTH');
export const TRACING = Symbol('TRACING');
