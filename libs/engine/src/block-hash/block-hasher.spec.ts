import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BlockHasher } from './block-hasher.js';
import { encodeBlock } from './encode-block.js';
import { eventExtraKeys } from './extra-keys.js';
import { hashLow64 } from './hash-low64.js';
import { noneHash } from './none-hash.js';

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const hex = (digests: readonly Buffer[]) => digests.map((d) => d.toString('hex'));

// Every digest below was produced by vLLM's own functions (`init_none_hash`, `hash_block_tokens`,
// `generate_block_hash_extra_keys`, `sha256_cbor` with cbor2 6.2.1), run unchanged from the release sources.
describe('vLLM block hashes (sha256_cbor)', () => {
  it('equals vLLM 0.30–0.33 without PYTHONHASHSEED', () => {
    const hasher = new BlockHasher({ blockSize: 16 });
    expect(hasher.noneHash.toString('hex')).toBe(
      '9bd96a485ad84efdafb72ee48a1d7a69bcead0f8f0433173941b276b9581eef0',
    );
    const digests = hasher.hashPrompt(range(0, 32));
    expect(hex(digests)).toEqual([
      'dc918a88b139e5afe60b88eda27508d4aee16c10fdc354791efea06206ac0749',
      'c300ec275d7bf08af8fc63e76cdc0086911bbc7091e03c5cf892553bef84ef0c',
    ]);
    expect(digests.map(hashLow64)).toEqual([2233398808101521225n, 17911472383915781900n]);
  });

  it('equals vLLM 0.11–0.33 with PYTHONHASHSEED=0', () => {
    const hasher = new BlockHasher({ blockSize: 16, seed: '0' });
    expect(hasher.noneHash.toString('hex')).toBe(
      '4e1195df020de59e0d65a33a4279f1183e7ae4e5d980e309f8b55adff2e61c3e',
    );
    const digests = hasher.hashPrompt(range(0, 33));
    expect(hex(digests)).toEqual([
      'd830de3d42c00f25a2949b5d12d98642664a44872c1614c5b0147556276afc9c',
      'fedd9e4abebebbe6f6cf96b682f08d316063fe2f22a5c552192dd62904fcccac',
    ]);
    expect(digests.map(hashLow64)).toEqual([12687895063098490012n, 1814341696565857452n]);
  });

  it('equals vLLM with token ids of every CBOR width', () => {
    const tokens = [23, 24, 255, 256, 65535, 65536, 151643, 4294967295, 1, 0, 1, 2, 3, 4, 5, 6];
    expect(hex(new BlockHasher({ blockSize: 16, seed: '0' }).hashPrompt(tokens))).toEqual([
      '040fb13b58f45c91b05f57be1b05df8fbbe63be5a51ef655f76285b54cee81c2',
    ]);
  });

  it.each([
    [
      'bare',
      { cacheSalt: 'tenant-a' },
      'a31aa6d7bd52d1db44c2e2c50ce6687164f2a198c45e6f9c6f5025e7d8dff1f7',
      '39f45a6b06306f789ee0b456170e79d009c2e4f00c40d6e0204a2bf77e478439',
    ],
    [
      'bare',
      { loraName: 'lora-a', loraPath: '/adapters/a' },
      '2477dd357292eaa4c7c7347f327eb4ecacf82acdab4087e73fa777ed7c68f951',
      '83b12c94c8b2c166ef300729425b949a6fd02e62b270fe6abc0879325afaeebd',
    ],
    [
      'bare',
      { loraName: 'lora-a', cacheSalt: 'tenant-a' },
      '1d5c7843e836bc29cd7b4cd32284c495822d69a65f5612ff07e7d68eee9e5093',
      '6742d7c3574f96b823bfde7b5f534827b3fb85aee34780b217022dc787b84515',
    ],
    [
      'tagged',
      { cacheSalt: 'tenant-a' },
      '3be36890effbb5e0d90d6506b68f1365539bcf2a82688a430612688636e0959d',
      'dbf6c5153b17752a570472ec341a7288bd20baa787893439ed060feba018cfca',
    ],
    [
      'tagged',
      { loraName: 'lora-a', loraPath: '/adapters/a' },
      'cf03c5f691a67616d3a691331b998cd4302da9e4a2d47aa64e5c12d1c1d166d8',
      '181797b4cd6ab09cfdda188589e83fd67fa8e7924ffc273300e16f255095d3be',
    ],
    [
      'tagged',
      { loraName: 'lora-a', loraPath: '/adapters/a', cacheSalt: 'tenant-a' },
      '60c8c97df880b832ab2791a7beb0f0efc6a46787f6ba37b07c5611fc6c75b292',
      '55e8a6581de3476f6a667225f1bde215c6f103a2f0dc1029bcc8727c7729d744',
    ],
  ] as const)(
    'equals vLLM with %s extra keys (0.11–0.30 bare, 0.31–0.33 tagged) %j',
    (extraKeyFormat, identity, first, second) => {
      const hasher = new BlockHasher({ blockSize: 16, seed: '0', extraKeyFormat });
      expect(hex(hasher.hashPrompt(range(0, 32), identity))).toEqual([first, second]);
    },
  );

  it('equals vLLM 0.31–0.33 with a multimodal item and a salt', () => {
    const hasher = new BlockHasher({ blockSize: 16, seed: '0' });
    const first = hasher.hashBlock(null, range(0, 16), 0, [
      ['mm', 'img-1', 4],
      ['cache_salt', 's'],
    ]);
    expect(first.toString('hex')).toBe('a161113b67fe202a365ef9aee5e8a660d2d46dbd66b890ad2c667df306a3adff');
    expect(hasher.hashBlock(first, range(16, 32), 0, [['mm', 'img-1', -12]]).toString('hex')).toBe(
      'e96b5657147366c8ec9b233b0cbe36d037cb81bf7dadd3b11edf69b7c9614ffd',
    );
  });

  it('publishes extra keys bare', () => {
    const identity = { loraName: 'lora-a', loraPath: '/adapters/a', cacheSalt: 'tenant-a' };
    expect(eventExtraKeys(identity, 0)).toEqual(['lora-a', 'tenant-a']);
    expect(eventExtraKeys(identity, 1)).toEqual(['lora-a']);
    expect(eventExtraKeys({}, 0)).toBeNull();
  });
});

describe('BlockHasher', () => {
  it('hashes the bytes a CBOR library writes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 0xffffffff }), { minLength: 1, maxLength: 300 }),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.option(fc.array(fc.string(), { minLength: 1 }), { nil: null }),
        (tokens, parent, extraKeys) => {
          const expected = createHash('sha256')
            .update(encodeBlock(parent, tokens, extraKeys))
            .digest();
          const hasher = new BlockHasher({ blockSize: tokens.length });
          expect(hasher.hashBlock(parent, tokens, 0, extraKeys)).toEqual(expected);
        },
      ),
    );
  });

  it('continues a sequence that grew', () => {
    const hasher = new BlockHasher({ blockSize: 4 });
    const known = hasher.hashPrompt(range(0, 9), { cacheSalt: 's' });
    expect(known).toHaveLength(2);
    expect(hasher.hashPrompt(range(0, 17), { cacheSalt: 's' }, known)).toEqual(
      hasher.hashPrompt(range(0, 17), { cacheSalt: 's' }),
    );
  });

  it('refuses what is no token id, no full block, no digest', () => {
    const hasher = new BlockHasher({ blockSize: 2 });
    expect(() => hasher.hashBlock(null, [1, -1])).toThrow('token ids are whole numbers');
    expect(() => hasher.hashBlock(null, [1, 2 ** 32])).toThrow('token ids are whole numbers');
    expect(() => hasher.hashBlock(null, [1])).toThrow('outside the 1 tokens');
    expect(() => hasher.hashBlock(new Uint8Array(31), [1, 2])).toThrow('32 bytes');
    expect(() => new BlockHasher({ blockSize: 0 })).toThrow('blockSize');
    expect(noneHash('0')).not.toEqual(noneHash());
  });
});
