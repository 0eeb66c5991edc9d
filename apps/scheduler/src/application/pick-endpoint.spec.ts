import { describe, expect, it } from '@jest/globals';
import {
  blockKeys,
  KvReplica,
  namespaceSeed,
  nodeHolder,
  objectStoreHolder,
  PrefixIndex,
  SpeculativeBlocks,
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
  const clock = new FakeClock(0);
  const speculative = new SpeculativeBlocks({ ttlMs: 2000 });
  const policies = new PoolPolicies(policy);
  const unknown = new Set<string>();
  const picker = new PickEndpoint({
    fleet: fleetOf([fleetPool('p', ...engines)]),
    prefixes: {
      get knowsStorage() {
        return index.storageHolders > 0;
      },
      match: (prompt, holders) => index.matchTiered(prompt, holders),
      storedBehind: (prompt, from, holders, limit) => index.storedBehind(prompt, from, holders, limit),
      follows: (engineId) => !unknown.has(engineId),
      ageMs: () => 1,
    },
    policies,
    ledger,
    speculative,
    clock,
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
  return { index, ledger, pick, engines, clock, speculative, policies, unknown };
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

describe('PickEndpoint and what was just sent', () => {
  const held = BLOCKS * BLOCK;

  it('expects a prompt where it went until the engine says that it is there, and says what is expected only', () => {
    const { index, ledger, pick, clock } = setUp([engine(0), engine(1)]);
    const first = pick();
    expect(first.record).toMatchObject({ matchedTokens: 0 });
    expect(first.record).not.toHaveProperty('speculativeTokens');
    const { engineId, address } = first.endpoint;
    index.store(engineId, 'gpu', keys.subarray(0, 10));
    ledger.done(first.reservationId);
    const second = pick();
    expect(second.endpoint.engineId).toBe(engineId);
    expect(second.record).toMatchObject({
      matchedTokens: held,
      speculativeTokens: held - 160,
      matchedByTier: { gpu: 160 },
      prefixSource: 'exact',
    });
    expect(second.record.reason).toContain(`${held - 160} of the matched tokens are not known to be there`);
    expect(ledger.load(address).inFlightPrefillTokens).toBe(3);
    // It is there, and is removed again: nothing is expected any more.
    index.store(engineId, 'gpu', keys);
    clock.advance(300);
    expect(pick().record).not.toHaveProperty('speculativeTokens');
    index.clear(engineId);
    expect(pick().record).toMatchObject({ matchedTokens: 0 });
  });

  it('expects nothing after a while, after the engine dropped everything, or without its events', () => {
    const late = setUp([engine(0)]);
    late.pick();
    late.clock.advance(2000);
    expect(late.pick().record).not.toHaveProperty('speculativeTokens');
    const cleared = setUp([engine(0)]);
    cleared.pick();
    cleared.speculative.dropEngine('ns/e0');
    expect(cleared.pick().record).not.toHaveProperty('speculativeTokens');
    const silent = setUp([engine(0)]);
    silent.unknown.add('ns/e0');
    silent.pick();
    expect(silent.pick().record).toMatchObject({ prefixSource: 'approximate', matchedTokens: held });
    expect(silent.speculative.prompts).toBe(0);
  });
});
