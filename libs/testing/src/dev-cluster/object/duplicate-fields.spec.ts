import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { duplicateFields } from './duplicate-fields.js';

describe('duplicate fields', () => {
  it.each([
    ['{"a":1,"a":2}', ['a']],
    ['{"a":{"b":1,"c":[{"d":1,"d":2},{"d":1}]},"b":1}', ['a.c[0].d']],
    ['{"a":"a","b":"{\\"a\\":1,\\"a\\":2}"}', []],
    ['[{"a":1},{"a":1,"\\u0061":2}]', ['[1].a']],
    ['{"a":[1,2],"b":null,"a":[],"a":true}', ['a', 'a']],
  ])('%s', (text, expected) => expect(duplicateFields(text)).toEqual(expected));

  it('finds none in what a serialiser wrote', () => {
    fc.assert(fc.property(fc.json(), (text) => expect(duplicateFields(text)).toEqual([])));
  });
});
