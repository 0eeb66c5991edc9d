import { describe, expect, it } from '@jest/globals';
import { BlockHasher, hashLow64 } from '@penstock/engine';
import { BlockChain } from './block-chain.js';

const tokens = Uint32Array.from({ length: 100 }, (_, i) => (i * 7_919) % 6_000);
const hasher = new BlockHasher({ blockSize: 16 });

describe('BlockChain', () => {
  it('has the hashes of the prompt, in whatever order they are asked for', () => {
    const identity = { cacheSalt: 'tenant-a' };
    const expected = hasher.hashPrompt(tokens, identity);
    const chain = new BlockChain(hasher, identity, tokens, 7);
    for (const index of [3, 0, 5, 1, 4, 2]) expect(chain.digest(index)).toEqual(expected[index]);
  });

  it('content ids are the low 53 bits of the hash', () => {
    const chain = new BlockChain(hasher, {}, tokens, 7);
    for (let i = 0; i < 6; i++) {
      expect(BigInt(chain.contentId(i))).toBe(hashLow64(chain.digest(i)) & (2n ** 53n - 1n));
    }
  });
});
