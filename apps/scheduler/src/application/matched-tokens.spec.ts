import { describe, expect, it } from '@jest/globals';
import { ApproximatePrefixIndex } from '@penstock/core/routing';
import { fleetEndpoint, fleetPool } from '../../test/fleet-builder.js';
import { matchedTokens } from './matched-tokens.js';
import type { PrefixView } from './prefix-view.js';

const [followed, silent, fresh] = ['followed', 'silent', 'fresh'].map((name) =>
  fleetEndpoint({ engineId: `ns/${name}`, address: `${name}:1` }),
) as [ReturnType<typeof fleetEndpoint>, ReturnType<typeof fleetEndpoint>, ReturnType<typeof fleetEndpoint>];
const pool = fleetPool('p', followed, silent, fresh);
const exact: PrefixView = {
  match: (_keys, ids) => ids.map((engineId) => ({ engineId, blocks: 3 })) as never,
  follows: (engineId) => engineId === followed.engineId,
  ageMs: () => 0,
};
const index = new ApproximatePrefixIndex();
const keys = Float64Array.of(1, 2);
index.add(silent.address, keys);
index.add(followed.address, keys);
const prefix = { keys: BigUint64Array.of(1n, 2n, 3n, 4n), blockSize: 16 };

describe('matchedTokens', () => {
  it('believes KV events where they come, and guesses the other engines', () => {
    const matched = matchedTokens('exact', pool, prefix, exact, { index, keys });
    expect(matched.tokens).toEqual([48, 128, 0]);
    expect([...(matched.approximate ?? [])]).toEqual([1, 2]);
  });

  it('guesses nothing where all events come, or nothing is asked for', () => {
    const all = { ...exact, follows: () => true };
    expect(matchedTokens('exact', pool, prefix, all, { index, keys })).toEqual({
      tokens: [48, 48, 48],
      source: 'exact',
    });
    expect(matchedTokens('none', pool, prefix, exact, { index, keys }).tokens).toEqual([0, 0, 0]);
    expect(matchedTokens('exact', pool, undefined, exact, { index, keys: undefined }).tokens).toEqual([
      0, 0, 0,
    ]);
    expect(matchedTokens('approximate', pool, prefix, exact, { index, keys })).toEqual({
      tokens: [128, 128, 0],
      source: 'approximate',
    });
  });
});
