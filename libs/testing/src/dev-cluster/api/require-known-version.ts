import { ApiError } from '../object/api-error.js';
import { refuse } from '../object/refusals.js';
import type { ClusterState } from './cluster-state.js';

/**
 * A resourceVersion that a client asks to be shown at least. Empty and `0` mean any.
 *
 * @returns the revision, or undefined when any will do
 * @throws ApiError 400 when it is none, 504 when it has never been given out
 */
export function requireKnownVersion(state: ClusterState, text: string): number | undefined {
  if (text === '' || text === '0') return undefined;
  if (!/^\d+$/.test(text)) {
    throw refuse.badRequest(
      `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }
  const revision = Number(text);
  if (revision <= state.store.revision) return revision;
  const message = `Too large resource version: ${text}, current: ${state.store.revision}`;
  throw new ApiError(504, 'Timeout', `Timeout: ${message}`, {
    causes: [{ field: '', reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}
