import { describe, expect, it } from '@jest/globals';
import { EngineCache, KvReplica, PrefixIndex } from '@penstock/core/kv';
import { BlockHasher, hashLow64, SglangHasher, sglangEventHash } from '@penstock/engine';
import { knownEngine } from '../../test/known-engine.js';
import { queryHashes } from './query-hashes.js';
import { RegisteredInstances } from './registered-instances.js';

const BLOCK = 4;
const tokens = Array.from({ length: 20 }, (_, i) => i * 1000);

/** Low 64 bits of the hashes that a caller computes from the tokens alone, as the engine of this kind does. */
const HASHES = {
  'vLLM with sha256_cbor': () => {
    const hasher = new BlockHasher({ blockSize: BLOCK });
    return hasher.hashPrompt(tokens).map(hashLow64);
  },
  SGLang: () =>
    new SglangHasher(BLOCK).hashPrompt(tokens).map((digest) => BigInt.asUintN(64, sglangEventHash(digest))),
};

describe('queryHashes', () => {
  it.each(Object.entries(HASHES))('finds the blocks of %s by their own hashes', async (_kind, hashesOf) => {
    const hashes = hashesOf();
    const index = new PrefixIndex();
    const replica = new KvReplica(index);
    /** Has the first `held` blocks; its cache is followed here or not. */
    const follow = (pod: string, ip: string, held: number, isOurs: boolean) => {
      const cache = new EngineCache({ engineId: `ns/${pod}`, model: 'm', blockSize: BLOCK }, 1);
      cache.start();
      const tokenIds = tokens.slice(0, held * BLOCK);
      const place = { parent: null, blockSize: BLOCK, tier: 'gpu' } as const;
      const event = { type: 'stored', hashes: hashes.slice(0, held), tokenIds, ...place } as const;
      cache.replayed({ sequence: 0, timestampMs: 1, events: [event] }, 1);
      cache.replayEnded(true, 1);
      const change = cache.takeDelta();
      if (change) replica.applyDelta(change.delta, 1);
      return knownEngine(pod, { ip, blockSize: BLOCK, ...(isOurs ? { cache } : { replica: 'other' }) });
    };
    const engines = [follow('a', '10.0.0.1', 3, true), follow('b', '10.0.0.2', 5, false)];
    const source = { index, engines, registry: new RegisteredInstances() };
    const found = async (list: bigint[]) => {
      const filter = { model: 'm', tenantId: 'default', instanceId: '', blockSize: 0 };
      const matches = await queryHashes(source, { ...filter, hashes: BigUint64Array.from(list) });
      return matches.map(({ instanceId, ranks }) => [instanceId, ranks.get(0)?.longest]);
    };
    // What only engines of another replica hold is not known by its hash here.
    expect(await found(hashes)).toEqual([
      ['ns/a', 12],
      ['ns/b', 12],
    ]);
    expect(await found(hashes.slice(0, 2))).toEqual([
      ['ns/a', 8],
      ['ns/b', 8],
    ]);
    expect(await found([7n, ...hashes])).toEqual([
      ['ns/a', 0],
      ['ns/b', 0],
    ]);
  });
});
