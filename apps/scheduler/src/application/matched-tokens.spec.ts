import { describe, expect, it } from '@jest/globals';
import { type EngineHolders, type KeyList, nodeHolder, objectStoreHolder } from '@penstock/core/kv';
import { ApproximatePrefixIndex, DEFAULT_TIER_CREDITS as credits } from '@penstock/core/routing';
import { fleetEndpoint, fleetPool } from '../../test/fleet-builder.js';
import { matchedTokens } from './matched-tokens.js';
import type { PoolKeys } from './prefix-keys.js';
import type { PrefixView } from './prefix-view.js';

const [followed, silent, fresh] = ['followed', 'silent', 'fresh'].map((name) =>
  fleetEndpoint({ engineId: `ns/${name}`, address: `${name}:1` }),
) as [ReturnType<typeof fleetEndpoint>, ReturnType<typeof fleetEndpoint>, ReturnType<typeof fleetEndpoint>];
const pool = fleetPool('p', followed, silent, fresh);
const exact: PrefixView = {
  knowsStorage: false,
  match: (_keys, engines) =>
    engines.map(({ engineId }) => ({ engineId, blocks: 3, ownBlocks: 3, byTier: [3, 0, 0, 0] })),
  storedBehind: () => [],
  follows: (engineId) => engineId === followed.engineId,
  ageMs: () => 0,
};
const index = new ApproximatePrefixIndex();
const keys = Float64Array.of(1, 2);
index.add(silent.address, keys);
index.add(followed.address, keys);
const first = { keys: BigUint64Array.of(1n, 2n, 3n, 4n), blockSize: 16 };
const prefix: PoolKeys = { first, of: () => first };

describe('matchedTokens', () => {
  it('believes KV events where they come, and guesses the other engines', () => {
    const matched = matchedTokens('exact', pool, prefix, exact, { index, keys }, credits);
    expect(matched.tokens).toEqual([48, 128, 0]);
    expect([...(matched.approximate ?? [])]).toEqual([1, 2]);
  });

  it('asks for engines of each block size by keys of their own', () => {
    const second = { keys: BigUint64Array.of(7n), blockSize: 32 };
    const keysOf: PoolKeys = { first, of: (endpoint) => (endpoint === silent ? second : first) };
    const asked: Array<[KeyList, string[]]> = [];
    const view: PrefixView = {
      ...exact,
      follows: () => true,
      match: (blocks, engines) => {
        asked.push([blocks, engines.map(({ engineId }) => engineId)]);
        return exact.match(blocks, engines);
      },
    };
    const matched = matchedTokens('exact', pool, keysOf, view, { index, keys }, credits);
    expect(asked).toEqual([
      [first, [followed.engineId, fresh.engineId]],
      [second, [silent.engineId]],
    ]);
    expect(matched.tokens).toEqual([48, 96, 48]);
  });

  it('guesses nothing where all events come, or nothing is asked for', () => {
    const all = { ...exact, follows: () => true };
    expect(matchedTokens('exact', pool, prefix, all, { index, keys }, credits)).toMatchObject({
      tokens: [48, 48, 48],
      source: 'exact',
    });
    expect(matchedTokens('none', pool, prefix, exact, { index, keys }, credits).tokens).toEqual([0, 0, 0]);
    expect(
      matchedTokens('exact', pool, undefined, exact, { index, keys: undefined }, credits).tokens,
    ).toEqual([0, 0, 0]);
    expect(matchedTokens('approximate', pool, prefix, exact, { index, keys }, credits)).toEqual({
      tokens: [128, 128, 0],
      source: 'approximate',
    });
  });

  it('counts what is in storage by its credit, and names storage only where some is known', () => {
    const asked: EngineHolders[][] = [];
    const view = (knowsStorage: boolean): PrefixView => ({
      ...exact,
      knowsStorage,
      follows: () => true,
      match: (_keys, engines) => {
        asked.push([...engines]);
        return engines.map(({ engineId }) => ({ engineId, blocks: 4, ownBlocks: 1, byTier: [1, 1, 1, 1] }));
      },
    });
    const onNode = fleetPool('q', { ...followed, node: 'n1' }, silent);
    const matched = matchedTokens('exact', onNode, prefix, view(true), { index, keys }, credits);
    expect(matched.tokens).toEqual([46, 46]);
    expect(matched.matches?.map((m) => m?.blocks)).toEqual([4, 4]);
    const s3 = objectStoreHolder('ns', 'q');
    expect(asked[0]?.map((e) => e.holders)).toEqual([[nodeHolder('ns', 'q', 'n1'), s3], [s3]]);
    matchedTokens('exact', onNode, prefix, view(false), { index, keys }, credits);
    expect(asked[1]?.map((e) => e.holders)).toEqual([[], []]);
  });
});
