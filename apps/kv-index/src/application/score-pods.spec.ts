import { describe, expect, it } from '@jest/globals';
import { blockKeys, namespaceSeed, PrefixIndex } from '@penstock/core/kv';
import { knownEngine } from '../../test/known-engine.js';
import { scorePods } from './score-pods.js';

const tokenIds = [1, 2, 3, 4, 5, 6];
const keys = blockKeys(namespaceSeed({ model: 'm', blockSize: 2 }), tokenIds, 2);

describe('scorePods', () => {
  const index = new PrefixIndex();
  const engines = [
    knownEngine('a', { ip: '10.0.0.1' }),
    knownEngine('b', { ip: '10.0.0.2' }),
    knownEngine('b', { ip: '10.0.0.2', rank: 1 }),
    knownEngine('c', { ip: '10.0.0.3' }),
    knownEngine('d', { ip: '10.0.0.4', model: 'other' }),
  ];
  index.store('ns/a', 'gpu', keys.subarray(0, 2));
  index.store('ns/a', 'cpu', keys);
  index.store('ns/b', 'gpu', keys.subarray(0, 1));
  index.store('ns/b#1', 'cpu', keys.subarray(0, 2));
  index.store('ns/c', 'gpu', keys.subarray(1));
  index.store('ns/d', 'gpu', keys);
  const score = (pods: string[]) => scorePods(index, engines, { model: 'm', tokenIds, pods });

  it('sums the weight of the best tier of each block of the prefix, and leaves out who has no first block', () => {
    expect(score([])).toEqual([
      { pod: '10.0.0.1:8000', score: 2.8 },
      { pod: '10.0.0.2:8000', score: 1.6, rank: 1 },
    ]);
  });

  it('names instances without an address by themselves', () => {
    const registered = ['one', 'two'].map((pod) => {
      const engine = knownEngine(pod);
      return { ...engine, endpoint: { ...engine.endpoint, address: '' } };
    });
    index.store('ns/one', 'gpu', keys);
    index.store('ns/two', 'gpu', keys.subarray(0, 1));
    expect(scorePods(index, registered, { model: 'm', tokenIds, pods: [] })).toEqual([
      { pod: 'one', score: 3 },
      { pod: 'two', score: 1 },
    ]);
  });

  it.each([
    ['ip:port', '10.0.0.1:8000'],
    ['ip', '10.0.0.1'],
    ['pod', 'a'],
    ['namespace/pod', 'ns/a'],
  ])('knows a pod by its %s', (_what, pod) => {
    expect(score([pod, 'nobody'])).toEqual([{ pod, score: 2.8 }]);
  });
});
