import { type EngineCacheCounters, emptyCounters } from '@penstock/core/kv';
import type { EngineFollower } from './follow-engine.js';

/** Sums of the counters of all engines ever followed; those of ended followers are kept. */
export class EngineTotals {
  private readonly ended = emptyCounters();

  /** The follower's counters will not be seen again. */
  keep(engine: EngineFollower): void {
    if (engine.cache) add(this.ended, engine.cache.counters);
  }

  sum(engines: Iterable<EngineFollower>): EngineCacheCounters {
    const sum = emptyCounters();
    add(sum, this.ended);
    for (const { cache } of engines) if (cache) add(sum, cache.counters);
    return sum;
  }
}

function add(sum: EngineCacheCounters, counters: EngineCacheCounters): void {
  const { skipped, ...plain } = counters;
  for (const name of Object.keys(plain) as Array<keyof typeof plain>) sum[name] += plain[name];
  for (const reason of Object.keys(skipped) as Array<keyof typeof skipped>)
    sum.skipped[reason] += skipped[reason];
}
