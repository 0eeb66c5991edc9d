import {
  APPROXIMATE_BLOCK_TOKENS,
  type ApproximatePrefixIndex,
  type PrefixSource,
} from '@penstock/core/routing';
import type { FleetPool } from './fleet.js';
import type { PrefixKeys } from './prefix-keys.js';
import type { PrefixView } from './prefix-view.js';

/** Prompt tokens that each endpoint of the pool holds as a prefix, from the source a policy asks for. */
export function matchedTokens(
  source: PrefixSource,
  pool: FleetPool,
  keys: PrefixKeys | undefined,
  exact: PrefixView,
  approximate: { readonly index: ApproximatePrefixIndex; readonly keys: Float64Array | undefined },
): number[] {
  const matched = new Array<number>(pool.endpoints.length).fill(0);
  if (!keys || source === 'none') return matched;
  if (source === 'exact') {
    const positions = new Map(pool.endpoints.map((endpoint, i) => [endpoint.engineId, i]));
    for (const { engineId, blocks } of exact.match(keys.keys, [...positions.keys()])) {
      const position = positions.get(engineId);
      if (position !== undefined) matched[position] = blocks * keys.blockSize;
    }
    return matched;
  }
  const tokensPerKey = Math.max(1, Math.ceil(APPROXIMATE_BLOCK_TOKENS / keys.blockSize)) * keys.blockSize;
  pool.endpoints.forEach(({ address }, i) => {
    matched[i] = approximate.index.match(address, approximate.keys ?? []) * tokensPerKey;
  });
  return matched;
}
