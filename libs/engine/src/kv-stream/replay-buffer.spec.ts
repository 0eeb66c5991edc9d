import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ReplayBuffer } from './replay-buffer.js';

describe('ReplayBuffer', () => {
  it('holds the newest messages that fit both bounds, and always the newest one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.nat({ max: 40 }), { maxLength: 30 }),
        (maxMessages, maxBytes, sizes) => {
          const buffer = new ReplayBuffer(maxMessages, maxBytes);
          const model: number[] = [];
          const bytes = () => model.reduce((total, i) => total + (sizes[i] as number), 0);
          sizes.forEach((size, sequence) => {
            const payload = new Uint8Array(size);
            expect(buffer.push(payload)).toBe(sequence);
            model.push(sequence);
            while (model.length > 1 && (model.length > maxMessages || bytes() > maxBytes)) {
              model.shift();
            }
            expect(buffer.get(sequence)).toBe(payload);
            expect(buffer.oldest).toBe(model[0]);
            expect(buffer.bytes).toBe(bytes());
            expect(buffer.get(buffer.oldest)?.length).toBe(sizes[buffer.oldest]);
            expect(buffer.get(buffer.oldest - 1)).toBeUndefined();
          });
          expect(buffer.next).toBe(sizes.length);
          expect(buffer.get(sizes.length)).toBeUndefined();
        },
      ),
    );
  });
});
