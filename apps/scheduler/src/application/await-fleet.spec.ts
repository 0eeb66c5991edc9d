import { describe, expect, it } from '@jest/globals';
import { awaitFleet } from './await-fleet.js';
import type { Fleet } from './fleet.js';

const fleetOf = (...endpoints: Array<{ excluded?: string; servedModels: Set<string> }>) =>
  ({ pools: () => [{ endpoints }] }) as unknown as Fleet;

describe('awaitFleet', () => {
  it('waits for the pools, then for every engine that can take requests', async () => {
    const pools = { synced: false };
    const engine = { servedModels: new Set<string>() };
    let known = false;
    const waiting = awaitFleet(
      pools,
      fleetOf(engine, { excluded: 'not-ready', servedModels: new Set() }),
      5000,
    ).then((result) => {
      known = true;
      return result;
    });
    await new Promise((resolve) => setTimeout(resolve, 60));
    pools.synced = true;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(known).toBe(false);
    engine.servedModels.add('m');
    expect(await waiting).toBe(true);
  });

  it('gives up in time when there is no cluster', async () => {
    expect(await awaitFleet({ synced: false }, fleetOf(), 50)).toBe(false);
  });

  it('has nothing to wait for in an empty cluster', async () => {
    expect(await awaitFleet({ synced: true }, fleetOf(), 50)).toBe(true);
  });
});
