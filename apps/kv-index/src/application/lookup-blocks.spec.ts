import { expect, it } from '@jest/globals';
import { blockKeys, namespaceSeed, PrefixIndex } from '@penstock/core/kv';
import { knownEngine } from '../../test/known-engine.js';
import { lookupBlocks } from './lookup-blocks.js';

const tokenIds = Array.from({ length: 200 }, (_, i) => i);
const keys = blockKeys(namespaceSeed({ model: 'm', blockSize: 2 }), tokenIds, 2);
const query = { model: 'm', tenant: '', lora: '', cacheSalt: '', tokenIds, blockSize: 0 };
const all = { poolNamespace: '', pool: '' };

it('tells the holders of every block, and refuses what is too large to be told', async () => {
  const index = new PrefixIndex();
  index.store('ns/a', 'gpu', keys.subarray(0, 60));
  index.store('ns/a', 'cpu', keys.subarray(50, 70));
  const ask = (maxEntries?: number) => lookupBlocks(index, [knownEngine('a')], all, query, maxEntries);
  const { blocks, blockSize } = await ask();
  expect([blocks.length, blockSize]).toEqual([100, 2]);
  const tiers = blocks.map(({ holders }) => holders.map(({ tier }) => tier).join());
  expect([tiers[0], tiers[55], tiers[65], tiers[99]]).toEqual(['gpu', 'gpu,cpu', 'cpu', '']);
  expect((await ask(180)).blocks).toHaveLength(100);
  await expect(ask(179)).rejects.toMatchObject({ reason: 'exhausted', where: 'prompt' });
});
