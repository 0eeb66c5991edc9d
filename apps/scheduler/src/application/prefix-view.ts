import type { EngineHolders, KeyList, TieredMatch, TierKeys } from '@penstock/core/kv';

/** Who holds which prefix, from the KV event stream. Reads memory only. */
export interface PrefixView {
  /** Whether anything is known of storage; where nothing is, engines need no holders. */
  readonly knowsStorage: boolean;
  /** The prefix that each engine holds and, behind it, can load from the storage named with it. */
  match(blocks: KeyList, engines: readonly EngineHolders[]): readonly TieredMatch[];
  /** Keys from block `from` on that the holders have without a hole, at most `limit`, by best tier. */
  storedBehind(blocks: KeyList, from: number, holders: readonly string[], limit: number): readonly TierKeys[];
  /** Whether the engine's cache is known from its events; false before they came, and while some are missing. */
  follows(engineId: string): boolean;
  /** Age of what is known of an engine's cache in milliseconds; undefined when it is not followed. */
  ageMs(engineId: string): number | undefined;
}
