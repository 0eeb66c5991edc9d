import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { blockKeys, KeyChain, namespaceSeed } from './block-keys.js';

const counting = (length: number) => Uint32Array.from({ length }, (_, i) => i);

// Expected values come from an independent implementation of the documented format (python-xxhash and struct).
describe('block keys', () => {
  it('match the vectors of the format', () => {
    const seed = namespaceSeed({ model: 'Qwen/Qwen3-32B', blockSize: 16 });
    expect(seed).toBe(13299455305759665924n);
    expect([...blockKeys(seed, counting(40), 16)]).toEqual([12258372488716614668n, 5008593844672857553n]);

    const full = { model: 'm', blockSize: 4, tenant: 'tenant-a', lora: 'lora-ü', cacheSalt: 'salt' };
    expect(namespaceSeed(full)).toBe(10546073627958004669n);
    const keys = blockKeys(namespaceSeed(full), [0, 1, 4294967295, 2, 3, 4, 5, 6], 4);
    expect([...keys]).toEqual([17221679379031511245n, 14510880134884804827n]);
  });

  it('continue from a parent exactly as if the prompt had been hashed at once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 0xffffffff }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 7 }),
        fc.nat(8),
        (tokens, blockSize, cut) => {
          const seed = namespaceSeed({ model: 'm', blockSize });
          const all = blockKeys(seed, tokens, blockSize);
          const head = all.slice(0, cut);
          const parent = head.at(-1);
          const tail = blockKeys(seed, tokens.slice(head.length * blockSize), blockSize, parent);
          expect([...head, ...tail]).toEqual([...all]);
        },
      ),
    );
  });

  it('differ between namespaces, even when their fields run together', () => {
    const base = { model: 'ab', blockSize: 16 };
    const seeds = [
      base,
      { ...base, blockSize: 32 },
      { ...base, model: 'a', tenant: 'b' },
      { ...base, model: '', tenant: 'ab' },
      { ...base, lora: 'x' },
      { ...base, tenant: 'x' },
      { ...base, cacheSalt: 'x' },
    ].map(namespaceSeed);
    expect(new Set(seeds).size).toBe(seeds.length);
    expect(namespaceSeed({ ...base, lora: '' })).toBe(namespaceSeed(base));
  });

  it('set blocks with extra content apart', () => {
    const chain = new KeyChain(4);
    const plain = chain.next(1n, [1, 2, 3, 4], 0);
    expect(chain.next(1n, [1, 2, 3, 4], 0, Uint8Array.of(7))).not.toBe(plain);
    expect(chain.next(1n, [9, 1, 2, 3, 4], 1)).toBe(plain);
  });

  it('refuse a block size that is no positive integer', () => {
    for (const blockSize of [0, -1, 1.5, Number.NaN]) {
      expect(() => blockKeys(1n, [1], blockSize)).toThrow(/block size/);
      expect(() => namespaceSeed({ model: 'm', blockSize })).toThrow(/block size/);
    }
  });
});
