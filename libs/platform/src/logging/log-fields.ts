import { maskUrl } from '../config/mask-config.js';

/**
 * The only top-level fields a log line may carry besides pino's own. Prompt text and token ids can reach a
 * log only through a field, so what is not named here is left out and counted in `withheldFields`.
 */
export const LOG_FIELDS: ReadonlySet<string> = new Set([
  'err',
  'requestId',
  'traceparent',
  'context',
  'model',
  'targetModel',
  'namespace',
  'pool',
  'pod',
  'engine',
  'gang',
  'node',
  'tier',
  'from',
  'to',
  'endpoint',
  'address',
  'addresses',
  'policy',
  'status',
  'outcome',
  'reason',
  'error',
  'type',
  'kind',
  'resource',
  'objects',
  'what',
  'lease',
  'members',
  'message',
  'consumer',
  'server',
  'events',
  'check',
  'checks',
  'component',
  'count',
  'dropped',
  'failed',
  'invalid',
  'buffered',
  'attempt',
  'attempts',
  'bytes',
  'blocks',
  'tokens',
  'durationMs',
  'delayMs',
  'timeoutMs',
  'ageMs',
  'port',
  'signal',
  'method',
  'path',
  'subject',
  'stream',
  'sequence',
  'incarnation',
  'state',
  'transitions',
  'version',
  'config',
  'sources',
]);

/** Keeps the allowed fields of one log object. Values of allowed fields are the caller's responsibility. */
export function allowFields(
  fields: Record<string, unknown>,
  allowed: ReadonlySet<string> = LOG_FIELDS,
): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  let withheld = 0;
  for (const [name, value] of Object.entries(fields)) {
    if (allowed.has(name)) kept[name] = typeof value === 'string' ? maskUrl(value) : value;
    else withheld++;
  }
  if (withheld > 0) kept.withheldFields = withheld;
  return kept;
}
