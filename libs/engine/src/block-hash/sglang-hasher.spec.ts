import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SglangHasher, sglangEventHash } from './sglang-hasher.js';

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe('SGLang block hashes', () => {
  it('equals the published vectors', () => {
    const digests = new SglangHasher(16).hashPrompt(range(0, 33));
    expect(digests.map(sglangEventHash)).toEqual([6738917275443968386n, 5080553031686747138n]);
  });

  it('chains SHA-256 over tokens of four bytes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 0xffffffff }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 9 }),
        (tokens, blockSize) => {
          let parent = Buffer.alloc(0);
          const expected: Buffer[] = [];
          for (let at = 0; at + blockSize <= tokens.length; at += blockSize) {
            const bytes = new Uint8Array(Uint32Array.from(tokens.slice(at, at + blockSize)).buffer);
            parent = createHash('sha256').update(parent).update(bytes).digest();
            expected.push(parent);
          }
          expect(new SglangHasher(blockSize).hashPrompt(tokens)).toEqual(expected);
        },
      ),
    );
  });

  it('names blocks by signed numbers', () => {
    expect(sglangEventHash(Buffer.concat([Buffer.from('ff'.repeat(8), 'hex'), Buffer.alloc(24)]))).toBe(-1n);
  });

  it('refuses what is no token id, no full block, no digest', () => {
    const hasher = new SglangHasher(2);
    expect(() => hasher.hashBlock(null, [1, -1])).toThrow('token ids are whole numbers');
    expect(() => hasher.hashBlock(null, [1, 1.5])).toThrow('token ids are whole numbers');
    expect(() => hasher.hashBlock(null, [1])).toThrow('outside the 1 tokens');
    expect(() => hasher.hashBlock(new Uint8Array(31), [1, 2])).toThrow('32 bytes');
    expect(() => new SglangHasher(0)).toThrow('blockSize');
  });
});
