import type { ServiceView } from './read-services.js';
import type { TopEngine, TopFrame } from './top-frame.js';
import type { TrafficFeed } from './traffic-feed.js';

/** Puts together what is known at `nowMs`. */
export function frameOf(
  feed: Pick<TrafficFeed, 'window' | 'demand' | 'addresses'> | undefined,
  services: ServiceView,
  problems: readonly string[],
  nowMs: number,
): TopFrame {
  feed?.window.prune(nowMs);
  feed?.demand.prune(nowMs);
  return {
    time: new Date(nowMs).toISOString(),
    windowMs: feed?.window.spanMs ?? 0,
    traffic: feed ? { ...feed.window.total(), hitRatioByTier: feed.window.hitRatioByTier() } : null,
    pools: feed?.demand.pools() ?? [],
    engines: enginesOf(feed, services),
    gangs: services.gangs ?? [],
    tiers: services.tiers ?? [],
    problems: [...problems, ...services.problems],
  };
}

/** Engines that a scheduler reports or the index knows. */
function enginesOf(
  feed: Pick<TrafficFeed, 'window' | 'demand' | 'addresses'> | undefined,
  services: ServiceView,
): TopEngine[] {
  const indexed = new Map(services.engines?.map((engine) => [engine.engineId, engine]));
  const loads = new Map(feed?.demand.engines().map((load) => [load.engine, load]));
  const traffic = feed?.window.byEndpoint();
  return [...new Set([...indexed.keys(), ...loads.keys()])].sort().map((id) => {
    const engine = indexed.get(id);
    const load = loads.get(id);
    const address = engine?.address || feed?.addresses.get(id) || '';
    return {
      engine: id,
      pool: load?.pool ?? `${engine?.poolNamespace}/${engine?.pool}`,
      role: load?.role ?? null,
      ready: load?.ready ?? null,
      running: load?.running ?? null,
      waiting: load?.waiting ?? null,
      kvUsage: load?.kvUsage ?? null,
      blocks: engine?.blocks ?? null,
      index: engine?.state ?? null,
      traffic: traffic?.get(address) ?? null,
    };
  });
}
