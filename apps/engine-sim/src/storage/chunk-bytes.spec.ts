import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { areChunkBytes, chunkBytes } from './chunk-bytes.js';

const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });
const chunk = fc.record({
  digests: fc.array(digest, { minLength: 1, maxLength: 4 }),
  bytesPerBlock: fc.integer({ min: 1, max: 130 }),
});

describe('chunk bytes', () => {
  it('repeat each digest to the size of a block', () => {
    const bytes = chunkBytes([Buffer.from('ab'), Buffer.from('xyz')], 5);
    expect(bytes.toString()).toBe('ababaxyzxy');
  });

  it('are known again, and no other bytes are taken for them', () => {
    fc.assert(
      fc.property(
        chunk,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        ({ digests, bytesPerBlock }, at, flip) => {
          const bytes = chunkBytes(digests, bytesPerBlock);
          expect(areChunkBytes(bytes, digests, bytesPerBlock)).toBe(true);
          expect(areChunkBytes(bytes.subarray(1), digests, bytesPerBlock)).toBe(false);
          bytes[at % bytes.length]! ^= flip;
          expect(areChunkBytes(bytes, digests, bytesPerBlock)).toBe(false);
        },
      ),
    );
  });
});
