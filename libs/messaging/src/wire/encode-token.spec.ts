import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeToken, encodeToken } from './encode-token.js';

describe('encodeToken', () => {
  it.each([
    ['plain-Text_09', 'plain-Text_09'],
    ['', '='],
    ['a.b', 'a=2Eb'],
    ['a b*>', 'a=20b=2A=3E'],
    ['=41', '=3D41'],
    ['ü€😀', '=C3=BC=E2=82=AC=F0=9F=98=80'],
    ['\r\n\u0000', '=0D=0A=00'],
  ])('%j is %s', (text, token) => {
    expect(encodeToken(text)).toBe(token);
    expect(decodeToken(token)).toBe(text);
  });

  it('is reversible and never leaves the safe alphabet', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const token = encodeToken(text);
        expect(token).toMatch(/^[A-Za-z0-9_=-]+$/);
        expect(decodeToken(token)).toBe(text);
      }),
    );
  });

  it('decodes only what it can have encoded', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'aF=0231.*-') }), (token) => {
        const text = decodeToken(token);
        if (text !== undefined) expect(encodeToken(text)).toBe(token);
      }),
    );
    for (const token of ['', 'a.b', '=2', '=2e', '=zz', '=41', '=C3', 'a=', '==']) {
      expect(decodeToken(token)).toBeUndefined();
    }
  });

  it('replaces a lone surrogate', () => {
    expect(decodeToken(encodeToken('a\ud800'))).toBe('a\ufffd');
  });
});
