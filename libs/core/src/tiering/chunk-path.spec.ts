import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { chunkPath, parseChunkPath } from './chunk-path.js';

const hex = (min: number, max: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: min, maxLength: max });

describe('parseChunkPath', () => {
  it('takes apart what chunkPath puts together', () => {
    const parts = fc.record({
      folder: fc
        .tuple(fc.stringMatching(/^[A-Za-z0-9._ -]{1,40}$/), hex(12, 12), fc.nat(99))
        .map(([model, digest, rank]) => `${model}_${digest}_r${rank}`),
      group: fc.nat(9),
      hash: hex(16, 128),
    });
    fc.assert(fc.property(parts, (each) => expect(parseChunkPath(chunkPath(each))).toEqual(each)));
  });

  const good = 'Qwen_Qwen3_0123456789ab_r0/abc/de_g0/abcdef0123456789.bin';
  it.each([
    ['nothing', ''],
    ['a way out', `../${good}`],
    ['a folder more', `x/${good}`],
    ['an absolute path', `/${good}`],
    ['folders of another hash', good.replace('/abc/', '/abd/')],
    ['upper case', good.replace('abcdef0', 'ABCDEF0')],
    ['a short hash', good.replace('0123456789.bin', '.bin')],
    ['a temporary file', `${good}_1a.tmp`],
    ['no digest', good.replace('0123456789ab', '012')],
    ['a line break', good.replace('Qwen_', 'Qwen\n')],
    ['a backslash', good.replace('Qwen_', '..\\')],
    ['a longer name', `${good}x`],
    ['a line break behind', `${good}\n`],
  ])('refuses %s', (_what, path) => {
    expect(parseChunkPath(good)).toEqual({
      folder: 'Qwen_Qwen3_0123456789ab_r0',
      group: 0,
      hash: 'abcdef0123456789',
    });
    expect(parseChunkPath(path)).toBeUndefined();
  });
});
