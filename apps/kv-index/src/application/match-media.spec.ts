import { describe, expect, it } from '@jest/globals';
import { blockKeys, namespaceSeed, nodeHolder, PrefixIndex } from '@penstock/core/kv';
import { knownEngine } from '../../test/known-engine.js';
import { matchEngines } from './match-engines.js';
import { matchMedia } from './match-media.js';

const tokenIds = Array.from({ length: 80 }, (_, i) => i);
const keys = blockKeys(namespaceSeed({ model: 'm', blockSize: 2 }), tokenIds, 2);

describe('matchMedia', () => {
  it('counts a block on every medium it is on, and how far each reaches', async () => {
    const index = new PrefixIndex();
    const engine = knownEngine('a');
    const onNode = { ...engine, endpoint: { ...engine.endpoint, nodeName: 'n' } };
    const none = knownEngine('b', { ip: '10.0.0.2' });
    index.store('ns/a', 'gpu', keys.subarray(0, 20));
    index.store('ns/a', 'cpu', keys.subarray(10, 25));
    index.store('ns/a', 'ssd', keys.subarray(0, 30));
    index.store(nodeHolder('ns', 'pool', 'n'), 'ssd', keys.subarray(25, 33));
    index.store(nodeHolder('ns', 'pool', 'n'), 'cpu', keys.subarray(33, 35));
    const matches = matchEngines(index, [onNode, none], () => ({ keys }));
    expect(await matchMedia(index, () => keys, matches)).toEqual([
      {
        longest: 70,
        on: { gpu: 40, cpu: 30 + 4, disk: 60 + 6 },
        upTo: { gpu: 40, cpu: 50 },
      },
      { longest: 0, on: { gpu: 0, cpu: 0, disk: 0 }, upTo: { gpu: 0, cpu: 0 } },
    ]);
  });
});
