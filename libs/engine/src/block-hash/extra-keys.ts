import type { HashExtraKey } from './encode-block.js';

/**
 * How vLLM writes what taints a block: `bare` up to 0.30 (`"name"`, `"salt"`), `tagged` since 0.31
 * (`("lora", name, path)`, `("cache_salt", salt)`). Its events carry the bare form in both.
 */
export type ExtraKeyFormat = 'bare' | 'tagged';

/** What makes the same tokens different cache content for vLLM. */
export interface PromptIdentity {
  readonly loraName?: string;
  /** Where the adapter was loaded from; part of the hash since 0.31. */
  readonly loraPath?: string;
  readonly cacheSalt?: string;
}

/**
 * Extra keys of one block as vLLM hashes them: the LoRA adapter in every block, then the cache salt in
 * block 0 only; null when there are none (`generate_block_hash_extra_keys`).
 */
export function hashExtraKeys(
  identity: PromptIdentity,
  blockIndex: number,
  format: ExtraKeyFormat,
): readonly HashExtraKey[] | null {
  const keys: HashExtraKey[] = [];
  if (identity.loraName) {
    keys.push(format === 'tagged' ? ['lora', identity.loraName, identity.loraPath ?? ''] : identity.loraName);
  }
  if (identity.cacheSalt && blockIndex === 0) {
    keys.push(format === 'tagged' ? ['cache_salt', identity.cacheSalt] : identity.cacheSalt);
  }
  return keys.length > 0 ? keys : null;
}

/** Extra keys of one block as vLLM publishes them in events (bare in every version); null when none. */
export function eventExtraKeys(identity: PromptIdentity, blockIndex: number): readonly HashExtraKey[] | null {
  const keys = hashExtraKeys(identity, blockIndex, 'tagged');
  return keys?.map((key) => (key as readonly string[])[1] as string) ?? null;
}
