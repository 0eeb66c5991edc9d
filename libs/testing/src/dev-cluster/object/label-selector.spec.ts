import { describe, expect, it } from '@jest/globals';
import { parseFieldSelector } from './field-selector.js';
import { parseLabelSelector } from './label-selector.js';

describe('parseLabelSelector', () => {
  it.each([
    ['', {}, true],
    ['a', { a: '' }, true],
    ['a', {}, false],
    ['!a', { a: '1' }, false],
    ['a=', { a: '' }, true],
    ['a=1,b=2', { a: '1', b: '2' }, true],
    ['a=1,b=2', { a: '1' }, false],
    ['a in (1, 2)', { a: '2' }, true],
    ['a in (1, 2)', {}, false],
    ['a notin (1,2)', {}, true],
    ['a notin (1,2)', { a: '1' }, false],
    ['example.com/a!=1', {}, true],
    ['a>5', { a: '10' }, true],
    ['a>5', { a: '5' }, false],
  ])('%j on %j is %s', (selector, labels, expected) => {
    expect(parseLabelSelector(selector)(labels as Record<string, string>)).toBe(expected);
  });

  it.each(['a=b=c', 'a in', 'a in (b', '=b', 'a,,b', 'a b'])('refuses %j', (selector) => {
    expect(() => parseLabelSelector(selector)).toThrow(/unable to parse requirement/);
  });
});

describe('parseFieldSelector', () => {
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: { nodeName: 'n' } } as never;
  it.each([
    ['metadata.name=a', true],
    ['metadata.name!=a', false],
    ['spec.nodeName==n,metadata.name=a', true],
    ['status.phase=', true],
    ['status.phase!=', false],
  ])('%s is %s', (selector, expected) => {
    expect(parseFieldSelector(selector, ['spec.nodeName', 'status.phase'])(object)).toBe(expected);
  });

  it('refuses fields the kind cannot be selected by', () => {
    expect(() => parseFieldSelector('spec.x=1', [])).toThrow('is not a known field selector');
  });
});
