import { describe, expect, it } from '@jest/globals';
import { LoadLedger } from '@penstock/core/routing';
import { fleetEndpoint, fleetPool } from '../../test/fleet-builder.js';
import { endpointViews, type ViewOptions } from './endpoint-views.js';

const engine = (excluded: string | undefined, models: string[] = ['m']) =>
  fleetEndpoint({ servedModels: new Set(models), ...(excluded ? { excluded } : {}) });

/** What keeps each engine of a pool from being chosen. */
function excluded(engines: Array<ReturnType<typeof engine>>, options: ViewOptions = {}) {
  const choice = { pool: fleetPool('p', ...engines), targetModel: 'm' };
  return endpointViews(choice, new LoadLedger(), options, 0).map((view) => view.excluded);
}

describe('endpointViews', () => {
  const all = ['terminating', 'not-ready', 'prefill-only', 'unreachable', 'draining'];

  it('excludes engines that drain, cannot be reached or only prefill, each with its reason', () => {
    expect(excluded(all.map((reason) => engine(reason)))).toEqual(all);
    expect(excluded([engine(undefined), engine(undefined, ['n'])])).toEqual([undefined, 'wrong-model']);
  });

  it('takes draining engines as a last resort, and unreachable ones where there are none of those', () => {
    const lastResort = { lastResort: true };
    expect(
      excluded(
        all.map((reason) => engine(reason)),
        lastResort,
      ),
    ).toEqual([...all.slice(0, 4), undefined]);
    expect(excluded([engine('unreachable'), engine('not-ready')], lastResort)).toEqual([
      undefined,
      'not-ready',
    ]);
    expect(excluded([engine('prefill-only')], lastResort)).toEqual(['prefill-only']);
    expect(excluded([engine('draining', ['n'])], lastResort)).toEqual(['draining']);
    // As long as anything else takes requests, they stay out.
    expect(excluded([engine('draining'), engine(undefined)], lastResort)).toEqual(['draining', undefined]);
  });

  it('never takes one again that failed the request', () => {
    const [a, b] = [engine('draining'), engine('unreachable')];
    const avoid = new Map([[a.address, 'connect-failed']]);
    expect(excluded([a, b], { lastResort: true, avoid })).toEqual(['draining', undefined]);
  });
});
