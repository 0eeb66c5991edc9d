import { describe, expect, it } from '@jest/globals';
import { fleetEndpoint, fleetPool } from '../../test/fleet-builder.js';
import { type DeclaredModels, ExpectedEngines } from './expected-engines.js';
import { ServedModels } from './served-models.js';

const nothing: DeclaredModels = {
  isNamed: () => false,
  targetsOf: () => [],
  variantModels: () => [],
  variantPools: () => [],
};
const engine = (baseModel: string, ...names: string[]) =>
  fleetEndpoint({ baseModel, servedModels: new Set([baseModel, ...names]) });

describe('ExpectedEngines', () => {
  it('expects nothing where nothing says so', () => {
    const expected = new ExpectedEngines(nothing, new ServedModels());
    expect(expected.expects(fleetPool('p', fleetEndpoint()), 'm', 'm')).toBe(false);
    expect(expected.poolsFor('m')).toEqual([]);
    expect(expected.baseModels(fleetPool('p'))).toEqual([]);
    expect(expected.baseModelOf(fleetPool('p'), 'm')).toBe('m');
  });

  it('expects again what a pool served before, adapters too', () => {
    const served = new ServedModels();
    served.note(fleetPool('p', engine('base', 'ada')));
    const expected = new ExpectedEngines(nothing, served);
    expect([expected.poolsFor('ada'), expected.poolsFor('other')]).toEqual([['ns/p'], []]);
    expect(expected.expects(fleetPool('p'), 'ada', 'ada')).toBe(true);
    expect(expected.expects(fleetPool('q'), 'ada', 'ada')).toBe(false);
    expect(expected.baseModels(fleetPool('p'))).toEqual(['base']);
    expect(expected.baseModelOf(fleetPool('p'), 'ada')).toBe('base');
    expect(expected.baseModels(fleetPool('q'))).toEqual([]);
  });

  it('expects what variants and objects name', () => {
    const declared: DeclaredModels = {
      isNamed: (model) => model === 'alias',
      targetsOf: () => ['heavy', 'light'],
      variantModels: (_namespace, pool) => (pool === 'v' ? ['base'] : []),
      variantPools: (model) => (model === 'base' ? ['ns/v'] : []),
    };
    const expected = new ExpectedEngines(declared, new ServedModels());
    expect(expected.poolsFor('base')).toEqual(['ns/v']);
    expect(expected.expects(fleetPool('v'), 'base', 'base')).toBe(true);
    expect(expected.expects(fleetPool('p'), 'base', 'base')).toBe(false);
    expect(expected.expects(fleetPool('p'), 'alias', 'heavy')).toBe(true);
    expect(expected.baseModels(fleetPool('p'))).toEqual(['heavy']);
    expect(expected.baseModels(fleetPool('v', engine('loaded')))).toEqual(['base', 'loaded']);
    // An adapter of the only model there is.
    expect(expected.baseModelOf(fleetPool('v'), 'ada')).toBe('base');
  });
});
