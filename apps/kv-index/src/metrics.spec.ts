import { expect, it } from '@jest/globals';
import { createRegistry } from '@penstock/platform';
import { KvIndexMetrics } from './metrics.js';

it('has a series of every fault before the first one', async () => {
  const registry = createRegistry('kv-index', 'test');
  const metrics = new KvIndexMetrics(registry);
  const before = await registry.metrics();
  for (const series of [
    'store_writes_total{outcome="failed"',
    'lookups_total{method="GetPodScores",outcome="refused"',
    'index_updates_total{type="kv.delta",outcome="unknown-wire"',
    'index_updates_total{type="own",outcome="refused"',
    'event_problems_total{reason="held-overflow"',
  ])
    expect(before).toMatch(new RegExp(`penstock_kv_index_${series}.*} 0\n`));
  await expect(metrics.timeAnswer('query', () => Promise.reject(new Error('bad')))).rejects.toThrow('bad');
  expect(await registry.metrics()).toMatch(/lookups_total\{method="query",outcome="refused".*} 1\n/);
});
