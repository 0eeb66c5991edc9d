import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rendezvousOwner } from './rendezvous.js';

const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 12 });
const engines = Array.from(
  { length: 4_000 },
  (_, i) => `inference/vllm-decode-${i % 500}#${Math.floor(i / 500)}`,
);

describe('rendezvousOwner', () => {
  it('depends on the set of members alone', () => {
    fc.assert(
      fc.property(fc.string(), names, (key, members) => {
        const owner = rendezvousOwner(key, members);
        expect(members).toContain(owner);
        expect(rendezvousOwner(key, [...members].reverse())).toBe(owner);
        expect(rendezvousOwner(key, [...members, ...members])).toBe(owner);
      }),
    );
    expect(rendezvousOwner('ns/a', [])).toBeUndefined();
  });

  it('moves only the keys of a member that left, and to a new one only what it takes', () => {
    fc.assert(
      fc.property(fc.string(), names, fc.nat(), (key, members, pick) => {
        const owner = rendezvousOwner(key, members);
        const left = members[pick % members.length] as string;
        const rest = members.filter((member) => member !== left);
        if (owner !== left) expect(rendezvousOwner(key, rest)).toBe(owner);
        expect([owner, 'a new one']).toContain(rendezvousOwner(key, [...members, 'a new one']));
      }),
    );
  });

  it('gives every member its share, within four standard deviations', () => {
    for (const count of [2, 3, 5, 8]) {
      const members = Array.from({ length: count }, (_, i) => `penstock-kv-index-7c9f-${i}`);
      const shares = new Map(members.map((member) => [member, 0]));
      for (const engine of engines) {
        const owner = rendezvousOwner(engine, members) as string;
        shares.set(owner, (shares.get(owner) ?? 0) + 1);
      }
      const mean = engines.length / count;
      const deviation = Math.sqrt(mean * (1 - 1 / count));
      for (const share of shares.values()) expect(Math.abs(share - mean)).toBeLessThan(4 * deviation);
    }
  });

  it('stays as it is: replicas of two versions must agree', () => {
    const members = ['kv-index-a', 'kv-index-b', 'kv-index-c'];
    const owners = ['ns/a', 'ns/b', 'ns/c', 'ns/a#1'].map((key) => rendezvousOwner(key, members));
    expect(owners).toEqual(['kv-index-b', 'kv-index-c', 'kv-index-b', 'kv-index-a']);
  });
});
