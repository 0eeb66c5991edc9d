import { describe, expect, it } from '@jest/globals';
import { BROKEN, indexWith } from './broken-indexes.js';
import { drawFrom } from './draw.js';
import { World } from './world.js';

const SEEDS = 200;
/** A broken index has to show itself in one of these lives. */
const SEEDS_TO_CATCH = 12;
const STEPS = 300;

/** One random life of engines, ingesters and replicas; throws where an index differs from what it was told. */
function live(seed: number, fault?: string): void {
  const options = { denseAbove: 2, shared: seed % 2 === 0 };
  const world = new World(drawFrom(seed), () => indexWith(fault, options));
  for (let step = 1; step <= STEPS; step++) {
    world.step();
    if (step % 50 === 0) world.checkAll();
  }
  world.settle();
}

/** The first difference within these seeds; undefined when there is none. */
function firstDifference(seeds: number, fault?: string): string | undefined {
  for (let seed = 1; seed <= seeds; seed++) {
    try {
      live(seed, fault);
    } catch (error) {
      return `seed ${seed}: ${(error as Error).message}`;
    }
  }
  return undefined;
}

describe('from engine events to the index', () => {
  it('an index is never ahead of what it was told, and equals the engines in the end', () => {
    expect(firstDifference(SEEDS)).toBeUndefined();
  }, 60_000);

  it.each(Object.keys(BROKEN))(
    'notices an index that %s',
    (fault) => {
      expect(firstDifference(SEEDS_TO_CATCH, fault)).toMatch(/^seed \d+: /);
    },
    60_000,
  );
});
