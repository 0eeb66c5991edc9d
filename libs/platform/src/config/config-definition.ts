import { z } from 'zod';
import { baseKeys } from './base-keys.js';

/** What `z.toJSONSchema` says of one key, as far as help and coercion need it. */
export interface KeySchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly secret?: boolean;
}

/** One service's configuration: a strict zod object, one camelCase key per setting, units in the names. */
export interface ConfigDefinition<S extends z.ZodRawShape = z.ZodRawShape> {
  readonly service: string;
  readonly summary: string;
  readonly schema: z.ZodObject<S>;
  readonly keys: Readonly<Record<string, KeySchema>>;
}

export type ConfigOf<D> = D extends ConfigDefinition<infer S> ? z.output<z.ZodObject<S>> : never;

/**
 * Declares a service's configuration. The keys that every service has (`host`, `metricsPort`, `instance`,
 * `logLevel`, …) are added; a key of the same name in `shape` replaces one, for instance for its own default.
 * Mark a secret with `.meta({ secret: true })`.
 */
export function defineConfig<S extends z.ZodRawShape>(
  service: string,
  summary: string,
  shape: S,
): ConfigDefinition<Omit<typeof baseKeys, keyof S> & S> {
  const schema = z.strictObject({ ...baseKeys, ...shape }) as unknown as z.ZodObject<
    Omit<typeof baseKeys, keyof S> & S
  >;
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return { service, summary, schema, keys: (json.properties ?? {}) as Record<string, KeySchema> };
}
