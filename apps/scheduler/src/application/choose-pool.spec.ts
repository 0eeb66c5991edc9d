import { describe, expect, it } from '@jest/globals';
import { fleetEndpoint, fleetOf, fleetPool as pool } from '../../test/fleet-builder.js';
import { choosePool } from './choose-pool.js';
import type { FleetEndpoint, FleetPool } from './fleet.js';
import { seededDraw } from './seeded-draw.js';

const endpoint = (models: string[], excluded?: string): FleetEndpoint =>
  fleetEndpoint({ servedModels: new Set(models), ...(excluded ? { excluded } : {}) });
const ruled = (name: string) => ({
  route: () => ({ pool: { namespace: 'ns', name }, targetModel: 't', rule: 'r' }),
});
const fleet = (pools: FleetPool[], rule?: string) => fleetOf(pools, rule ? ruled(rule) : {});

describe('choosePool', () => {
  it.each([
    ['no pools', [], 'no_endpoint'],
    ['pools without engines', [pool('a')], 'no_endpoint'],
    ['engines that were not asked yet', [pool('a', endpoint([]))], 'no_endpoint'],
    ['engines that serve something else', [pool('a', endpoint(['n']))], 'model_not_found'],
  ])('finds nothing among %s', (_name, pools, code) => {
    expect(choosePool(fleet(pools as FleetPool[]), 'm', 0)).toMatchObject({ code });
  });

  it('prefers a pool that can take requests', () => {
    const pools = [
      pool('a', endpoint(['m'], 'not-ready')),
      pool('b', endpoint(['m'])),
      pool('c', endpoint(['m'])),
    ];
    expect(choosePool(fleet(pools), 'm', 0)).toMatchObject({ pool: { name: 'b' }, targetModel: 'm' });
    expect(choosePool(fleet(pools.slice(0, 1)), 'm', 0)).toMatchObject({ pool: { name: 'a' } });
  });

  it('takes a pool that is expected to get an engine when no engine of now serves the model', () => {
    const pools = [pool('a', endpoint(['n']), endpoint([])), pool('b')];
    const expecting = fleetOf(pools, { expectedPool: (model) => (model === 'm' ? pools[1] : undefined) });
    expect(choosePool(expecting, 'm', 0)).toMatchObject({ pool: { name: 'b' }, targetModel: 'm' });
    expect(choosePool(expecting, 'n', 0)).toMatchObject({ pool: { name: 'a' } });
    expect(choosePool(expecting, 'x', 0)).toMatchObject({ code: 'no_endpoint' });
  });

  it('obeys an object that names the pool', () => {
    const pools = [pool('a', endpoint(['m'])), pool('b')];
    expect(choosePool(fleet(pools, 'b'), 'm', 0)).toMatchObject({ pool: { name: 'b' }, targetModel: 't' });
    expect(choosePool(fleet(pools, 'gone'), 'm', 0)).toMatchObject({ code: 'no_endpoint' });
  });
});

describe('seededDraw', () => {
  it('is uniform in [0, 1) and the same for the same input', () => {
    const draws = Array.from({ length: 10_000 }, (_, i) => seededDraw(42, i));
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...draws)).toBeLessThan(1);
    expect(draws.reduce((a, b) => a + b) / draws.length).toBeCloseTo(0.5, 1);
    expect(draws.filter((d) => d < 0.25).length / draws.length).toBeCloseTo(0.25, 1);
    expect(seededDraw(42, 7)).toBe(draws[7]);
  });
});
