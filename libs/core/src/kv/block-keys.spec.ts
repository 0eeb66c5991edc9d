import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeExtraKeys } from './block-extras.js';
import { blockKeys, KeyChain, namespaceRoot, namespaceSeed, promptBlocks } from './block-keys.js';

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

  it('have the check bits of the format', () => {
    const qwen = namespaceRoot({ model: 'Qwen/Qwen3-32B', blockSize: 16 });
    expect(qwen).toEqual({ key: 13299455305759665924n, check: 3699659056 });
    expect(promptBlocks(qwen, counting(40), 16)).toEqual({
      keys: BigUint64Array.of(12258372488716614668n, 5008593844672857553n),
      checks: Uint32Array.of(1443542729, 3462694200),
    });
    const full = namespaceRoot({
      model: 'm',
      blockSize: 4,
      tenant: 'tenant-a',
      lora: 'lora-ü',
      cacheSalt: 'salt',
    });
    expect(full.check).toBe(1825356554);
    const { checks } = promptBlocks(full, [0, 1, 4294967295, 2, 3, 4, 5, 6], 4);
    expect([...(checks ?? [])]).toEqual([4278982361, 16343858]);
  });

  it('cover what a block contains besides its tokens', () => {
    const root = namespaceRoot({ model: 'm', blockSize: 4 });
    expect(root).toEqual({ key: 3910845370675392397n, check: 2086123949 });
    const extras = [
      encodeExtraKeys([{ type: 'multimodal', identifier: 'img-1', offset: 2 }]),
      encodeExtraKeys([
        { type: 'multimodal', identifier: 'img-1', offset: -2 },
        { type: 'embedding', digest: Uint8Array.of(1, 2, 3) },
      ]),
    ];
    expect(promptBlocks(root, counting(8), 4, root, extras)).toEqual({
      keys: BigUint64Array.of(1225030765197068877n, 1397804240202382745n),
      checks: Uint32Array.of(94331729, 1612479152),
    });
  });

  it('have no check bits after a parent without', () => {
    const root = namespaceRoot({ model: 'm', blockSize: 2 });
    const { keys, checks } = promptBlocks(root, [1, 2, 3, 4], 2, { key: root.key, check: 0 });
    expect(checks).toBeUndefined();
    expect(keys).toEqual(promptBlocks(root, [1, 2, 3, 4], 2).keys);
  });

  it('continue from a parent exactly as if the prompt had been hashed at once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 0xffffffff }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 7 }),
        fc.nat(8),
        (tokens, blockSize, cut) => {
          const root = namespaceRoot({ model: 'm', blockSize });
          const all = promptBlocks(root, tokens, blockSize);
          expect(blockKeys(root.key, tokens, blockSize)).toEqual(all.keys);
          const head = all.keys.slice(0, cut);
          const [key, check] = [head.at(-1), all.checks?.[head.length - 1]];
          const parent = key === undefined || check === undefined ? undefined : { key, check };
          const tail = promptBlocks(root, tokens.slice(head.length * blockSize), blockSize, parent);
          expect([...head, ...tail.keys]).toEqual([...all.keys]);
          expect([...(tail.checks ?? [])]).toEqual([...(all.checks ?? [])].slice(head.length));
        },
      ),
    );
  });

  it('differ between namespaces, even when their fields run together', () => {
    const base = { model: 'ab', blockSize: 16 };
    const roots = [
      base,
      { ...base, blockSize: 32 },
      { ...base, model: 'a', tenant: 'b' },
      { ...base, model: '', tenant: 'ab' },
      { ...base, lora: 'x' },
      { ...base, tenant: 'x' },
      { ...base, cacheSalt: 'x' },
    ].map(namespaceRoot);
    expect(new Set(roots.map(({ key }) => key)).size).toBe(roots.length);
    expect(new Set(roots.map(({ check }) => check)).size).toBe(roots.length);
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
