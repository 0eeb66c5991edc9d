import type { PrefixMatch } from '@penstock/core/kv';

/** Who holds which prefix, from the KV event stream. Reads memory only. */
export interface PrefixView {
  match(keys: BigUint64Array, engineIds: readonly string[]): readonly PrefixMatch[];
  /** Whether the engine's cache is known from its events; false before they came, and while some are missing. */
  follows(engineId: string): boolean;
  /** Age of what is known of an engine's cache in milliseconds; undefined when it is not followed. */
  ageMs(engineId: string): number | undefined;
}
