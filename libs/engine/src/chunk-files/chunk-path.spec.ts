import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { chunkPath, isTemporaryName, parseChunkPath, temporaryName } from './index.js';

const HASH = 'd830de3d42c00f25a2949b5d12d98642664a44872c1614c5b0147556276afc9c';
const LOCATION = {
  model: 'meta-llama/Llama-3.1-8B',
  digest: '252c57518d5a',
  rank: 0,
  group: 0,
  hash: HASH,
};
const PATH = `meta-llama_Llama-3.1-8B_252c57518d5a_r0/d83/0d_g0/${HASH}.bin`;

const hexDigits = (minLength: number, maxLength: number) =>
  fc.array(fc.constantFrom(...'0123456789abcdef'), { minLength, maxLength }).map((digits) => digits.join(''));
const locations = fc.record({
  model: fc.stringMatching(/^[A-Za-z0-9._/ é漢-]{1,60}$/),
  digest: hexDigits(12, 12),
  rank: fc.nat({ max: 999_999 }),
  group: fc.nat({ max: 999_999 }),
  hash: hexDigits(16, 128),
});

describe('chunkPath', () => {
  it('writes the layout of vLLM', () => {
    expect(chunkPath(LOCATION)).toBe(PATH);
    expect(parseChunkPath(PATH)).toEqual({ ...LOCATION, model: 'meta-llama_Llama-3.1-8B' });
  });

  it('is taken apart into what it was made of', () => {
    fc.assert(
      fc.property(locations, (location) => {
        const path = chunkPath(location);
        expect(parseChunkPath(path)).toEqual({ ...location, model: location.model.replaceAll('/', '_') });
        expect(path.split('/')).toHaveLength(4);
      }),
    );
  });

  it.each([
    { ...LOCATION, digest: '252C57518D5A' },
    { ...LOCATION, hash: 'abc' },
    { ...LOCATION, hash: `../${HASH}` },
    { ...LOCATION, rank: -1 },
    { ...LOCATION, group: 0.5 },
    { ...LOCATION, model: '' },
    { ...LOCATION, model: 'a\0b' },
    { ...LOCATION, model: 'x'.repeat(300) },
  ])('refuses what is no place of a chunk: %j', (location) => {
    expect(() => chunkPath(location)).toThrow('no chunk can be stored as');
  });
});

describe('parseChunkPath', () => {
  it.each([
    ['', 'empty'],
    [`/${PATH}`, 'absolute'],
    [`../${PATH}`, 'leaves the root'],
    [PATH.replace('d83', '..'), 'goes up inside'],
    [PATH.replace('d83/', ''), 'a level missing'],
    [PATH.replace('d83/', 'd83//'), 'an empty level'],
    [PATH.replace('d83', 'd84'), 'folder of another hash'],
    [PATH.replace('0d_g0', '0e_g0'), 'folder of another hash'],
    [PATH.replace('_g0', '_g00'), 'a number with a leading zero'],
    [PATH.replace('_r0', ''), 'no rank'],
    [PATH.replace('meta-llama_Llama-3.1-8B', 'a\\b'), 'a backslash'],
    [PATH.replace('meta-llama_Llama-3.1-8B', 'a\nb'), 'a control character'],
    [PATH.replace('meta-llama_Llama-3.1-8B', '\ud800'), 'half a character'],
    [PATH.replace('.bin', '.bin_0011.tmp'), 'a temporary file'],
    [PATH.toUpperCase(), 'upper case'],
    [`${PATH}/`, 'a folder'],
    [`${PATH}\n`, 'a line end'],
  ])('refuses %j: %s', (path) => {
    expect(parseChunkPath(path)).toBeUndefined();
  });

  it('gives a location that makes the same path, or nothing, for any text', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.tuple(fc.nat({ max: PATH.length }), fc.string({ maxLength: 2 })).map(([at, text]) => {
        return PATH.slice(0, at) + text + PATH.slice(at + text.length);
      }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const location = parseChunkPath(text);
        if (location !== undefined) expect(chunkPath(location)).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('temporaryName', () => {
  it('is recognised, by its writer too', () => {
    const name = temporaryName(`${HASH}.bin`, 'node-');
    expect(name).toMatch(new RegExp(`^${HASH}\\.bin_node-[0-9a-f]{16}\\.tmp$`));
    expect(isTemporaryName(name)).toBe(true);
    expect(isTemporaryName(name, 'node-')).toBe(true);
    expect(isTemporaryName(temporaryName(`${HASH}.bin`), 'node-')).toBe(false);
    expect(isTemporaryName(`${HASH}.bin`)).toBe(false);
    expect(isTemporaryName('notes.tmp')).toBe(false);
  });
});
