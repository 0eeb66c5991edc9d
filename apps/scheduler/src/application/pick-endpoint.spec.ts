import { describe, expect, it } from '@jest/globals';
import {
  blockKeys,
  KvReplica,
  namespaceSeed,
  nodeHolder,
  objectStoreHolder,
  PrefixIndex,
} from '@penstock/core/kv';
import { LoadLedger } from '@penstock/core/routing';
import { FakeClock } from '@penstock/testing';
import { fleetEndpoint, fleetOf, fleetPool } from '../../test/fleet-builder.js';
import { MAX_LOADS } from './cached-by-tier.js';
import { PickEndpoint, type Picked } from './pick-endpoint.js';
import { PoolPolicies } from './pool-policies.js';
import { tierCreditsOf } from './tier-credits-setting.js';

const BLOCK = 16;
const BLOCKS = 3000;
const tokenIds = Uint32Array.from({ length: BLOCK * BLOCKS + 3 }, (_, i) => i);
const keys = blockKeys(namespaceSeed({ model: 'base', blockSize: BLOCK }), tokenIds, BLOCK);
const engine = (n: number, facts = {}) =>
  fleetEndpoint({
    engineId: `ns/e${n}`,
    node: `n${n}`,
    servedModels: new Set(['base']),
    baseModel: 'base',
    blockSize: BLOCK,
    ...facts,
  });

/** A picker over engines of the pool ns/p, on nodes n0, n1, …; their caches and storage are written to `index`. */
function setUp(engines = [engine(0), engine(1)], credits = 'cpu=0.9', policy = '3-2-2') {
  const replica = new KvReplica(new PrefixIndex());
  const { index } = replica;
  const ledger = new LoadLedger();
  const picker = new PickEndpoint({
    fleet: fleetOf([fleetPool('p', ...engines)]),
    prefixes: {
      get knowsStorage() {
        return index.storageHolders > 0;
      },
      match: (prompt, holders) => index.matchTiered(prompt, holders),
      storedBehind: (prompt, from, holders, limit) => index.storedBehind(prompt, from, holders, limit),
      follows: () => true,
      ageMs: () => 1,
    },
    policies: new PoolPolicies(policy),
    ledger,
    clock: new FakeClock(0),
    credits: tierCreditsOf(credits),
    scheduler: 's',
    seed: 1,
  });
  let requests = 0;
  const pick = () => {
    const requestId = `r${++requests}`;
    const request = {
      requestId,
      model: 'base',
      tokenIds,
      promptTokens: tokenIds.length,
      expectedOutputTokens: 0,
    };
    const picked = picker.pick(request);
    expect(picked.kind).toBe('picked');
    return picked as Picked;
  };
  return { index, ledger, pick, engines };
}

describe('PickEndpoint with storage', () => {
  it('reserves only what is neither on the GPU nor in storage, and tells where the rest is', () => {
    const { index, ledger, pick, engines } = setUp();
    index.store('ns/e1', 'gpu', keys.subarray(0, 10));
    index.store(nodeHolder('ns', 'p', 'n1'), 'cpu', keys.subarray(0, 1500));
    index.store(objectStoreHolder('ns', 'p'), 's3', keys);
    const { record, endpoint } = pick();
    expect(endpoint.engineId).toBe('ns/e1');
    expect(record).toMatchObject({
      engine: 'ns/e1',
      node: 'n1',
      matchedTokens: BLOCKS * BLOCK,
      matchedByTier: { gpu: 160, cpu: 1490 * BLOCK, s3: 1500 * BLOCK },
    });
    expect(ledger.load(engines[1]?.address ?? '').inFlightPrefillTokens).toBe(3);
    // Bounded, nearest the prefix first.
    expect(record.loads?.map((load) => [load.tier, load.keys.length])).toEqual([
      ['cpu', 1490],
      ['s3', MAX_LOADS - 1490],
    ]);
    expect(record.loads?.[1]?.keys[0]).toBe(keys[1500]);
    expect(record.reason).toContain('by tier 160 tokens on gpu, 23840 on cpu (counted 0.9)');
  });

  it('prefers memory to an idle engine without a copy, and follows the credits it is given', () => {
    const stored = nodeHolder('ns', 'p', 'n0');
    const busy = [engine(0, { waiting: 4 }), engine(1)];
    const worth = setUp(busy);
    worth.index.store(stored, 'cpu', keys);
    expect(worth.pick().endpoint.engineId).toBe('ns/e0');
    const worthless = setUp(busy, 'cpu=0');
    worthless.index.store(stored, 'cpu', keys);
    const { endpoint, record } = worthless.pick();
    expect(endpoint.engineId).toBe('ns/e1');
    expect(record).toMatchObject({ matchedTokens: 0, matchedByTier: {} });
    expect(record).not.toHaveProperty('loads');
  });

  it('decides as ever where nothing is in storage, or the policy does not ask', () => {
    const plain = setUp();
    plain.index.store('ns/e1', 'gpu', keys.subarray(0, 100));
    const { record } = plain.pick();
    expect(record).toMatchObject({ engine: 'ns/e1', matchedTokens: 1600, matchedByTier: { gpu: 1600 } });
    expect(record.input?.matchedTokens).toEqual([0, 1600]);
    expect(record.reason).not.toContain('by tier');
    expect(record).not.toHaveProperty('loads');
    const blind = setUp([engine(0)], 'cpu=1', 'round-robin');
    blind.index.store(nodeHolder('ns', 'p', 'n0'), 'cpu', keys);
    expect(blind.pick().record).toMatchObject({ matchedTokens: 0, prefixSource: 'none' });
    expect(blind.pick().record).not.toHaveProperty('matchedByTier');
  });
});
