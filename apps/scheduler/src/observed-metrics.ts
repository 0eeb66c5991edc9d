import type { EventBus } from '@penstock/core/ports';
import { Gauge, type Registry } from 'prom-client';
import type { KvFollower } from './adapters/kv-follower.js';
import type { Fleet } from './application/fleet.js';
import type { PickEndpoint } from './application/pick-endpoint.js';
import type { WaitForEngine } from './application/wait-for-engine.js';
import { observeTokenizing, type TokenizingSources } from './tokenizing-metrics.js';

export interface ObservedSources {
  readonly fleet: Fleet;
  readonly prefixes: KvFollower;
  readonly waits: WaitForEngine;
  readonly bus: EventBus & { counters?(): object };
  readonly tokenizing: TokenizingSources;
  readonly picker: Pick<PickEndpoint, 'keyCounts'>;
}

/** Metrics of state that exists anyway: computed when they are scraped, not when it changes. */
export function observeSources(
  registry: Registry,
  { fleet, prefixes, waits, bus, tokenizing, picker }: ObservedSources,
): void {
  const gauge = <L extends string>(
    name: string,
    help: string,
    labelNames: L[],
    collect: (g: Gauge<L>) => void,
  ) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        collect(this as Gauge<L>);
      },
    });
  const pools = () =>
    fleet.pools().map(({ namespace, name, endpoints }) => {
      const ready = endpoints.filter((e) => e.excluded === undefined);
      const mean = (of: (e: (typeof ready)[number]) => number) =>
        ready.length === 0 ? 0 : ready.reduce((sum, e) => sum + of(e), 0) / ready.length;
      return {
        name,
        pool: `${namespace}/${name}`,
        all: endpoints.length,
        ready: ready.length,
        kv: mean((e) => e.kvUsage),
        queue: mean((e) => e.waiting),
        silent: endpoints.filter((e) => !prefixes.follows(e.engineId)).length,
      };
    });

  gauge(
    'penstock_scheduler_endpoints',
    'Endpoints of a pool by whether they take requests',
    ['pool', 'state'],
    (g) => {
      for (const p of pools()) {
        g.set({ pool: p.pool, state: 'ready' }, p.ready);
        g.set({ pool: p.pool, state: 'excluded' }, p.all - p.ready);
      }
    },
  );
  gauge(
    'penstock_scheduler_engines_without_kv_events',
    'Engines of a pool whose KV events do not come: what they hold is guessed',
    ['pool'],
    (g) => {
      for (const p of pools()) g.set({ pool: p.pool }, p.silent);
    },
  );
  gauge(
    'penstock_scheduler_prefix_knowledge_engines',
    'Engines of a pool by how it is known what they hold: exact (KV events) or approximate (where requests went, and cached tokens)',
    ['pool', 'knowledge'],
    (g) => {
      for (const p of pools()) {
        g.set({ pool: p.pool, knowledge: 'exact' }, p.all - p.silent);
        g.set({ pool: p.pool, knowledge: 'approximate' }, p.silent);
      }
    },
  );
  gauge(
    'penstock_scheduler_waiting_requests',
    'Requests waiting for an engine of a pool now',
    ['pool'],
    (g) => {
      for (const p of pools()) g.set({ pool: p.pool }, 0);
      for (const [pool, requests] of waits.pools()) g.set({ pool }, requests);
    },
  );
  gauge(
    'penstock_scheduler_waiting_bytes',
    'Bodies of all requests waiting for an engine, in bytes',
    [],
    (g) => g.set(waits.bytes),
  );
  gauge('llm_d_epp_ready_endpoints', 'Endpoints that take requests', ['name'], (g) => {
    for (const p of pools()) g.set({ name: p.name }, p.ready);
  });
  gauge(
    'llm_d_epp_average_kv_cache_utilization',
    'Mean KV-cache use of ready endpoints, 0-1',
    ['name'],
    (g) => {
      for (const p of pools()) g.set({ name: p.name }, p.kv);
    },
  );
  gauge('llm_d_epp_average_queue_size', 'Mean waiting requests of ready endpoints', ['name'], (g) => {
    for (const p of pools()) g.set({ name: p.name }, p.queue);
  });
  gauge('penstock_scheduler_kv_engines', 'Engines whose cache is followed, by state', ['state'], (g) => {
    const { engines, waiting, silent } = prefixes.status();
    g.set({ state: 'synced' }, engines - waiting - silent);
    g.set({ state: 'waiting' }, waiting);
    g.set({ state: 'silent' }, silent);
  });
  gauge(
    'penstock_scheduler_kv_storage',
    'Storage (a node, an object store) whose contents are followed, by state',
    ['state'],
    (g) => {
      const { holders, waiting } = prefixes.status().storage;
      g.set({ state: 'synced' }, holders - waiting);
      g.set({ state: 'waiting' }, waiting);
    },
  );
  gauge(
    'penstock_scheduler_kv_storage_age_seconds',
    'Longest time since anything was heard of storage that is followed',
    [],
    (g) => g.set(prefixes.status().storage.oldestMs / 1000),
  );
  gauge('penstock_scheduler_kv_blocks', 'Distinct KV blocks in the view', [], (g) =>
    g.set(prefixes.status().blocks),
  );
  gauge('penstock_scheduler_kv_backlog_bytes', 'KV events that wait to be written to the view', [], (g) =>
    g.set(prefixes.status().host.backlogBytes),
  );
  gauge(
    'penstock_scheduler_kv_view_losses',
    'Times since start that the whole view was given up, by reason: more news than it could take, its thread ended',
    ['reason'],
    (g) => {
      const { overflows, restarts } = prefixes.status().host;
      g.set({ reason: 'overflow' }, overflows);
      g.set({ reason: 'worker-lost' }, restarts);
    },
  );
  gauge(
    'penstock_scheduler_kv_lookup_timeouts',
    'Lookups since start that found the view locked for too long and were answered with nothing',
    [],
    (g) => g.set(prefixes.status().host.timeouts),
  );
  observeTokenizing(gauge, () => tokenizing);
  gauge(
    'penstock_scheduler_prompt_blocks',
    'Blocks of prompts since the start, by whether their keys were remembered or had to be hashed',
    ['state'],
    (g) => {
      const { blocks, newBlocks } = picker.keyCounts;
      g.set({ state: 'remembered' }, blocks - newBlocks);
      g.set({ state: 'hashed' }, newBlocks);
    },
  );
  gauge('penstock_scheduler_bus_connected', '1 while the event bus is connected', [], (g) =>
    g.set(bus.status().connected ? 1 : 0),
  );
  gauge('penstock_scheduler_bus_buffered_events', 'Events waiting to be published', [], (g) =>
    g.set(bus.status().bufferedEvents),
  );
  gauge('penstock_scheduler_bus_events', 'Totals of the event bus since start, by kind', ['kind'], (g) => {
    for (const [kind, total] of Object.entries(bus.counters?.() ?? {}))
      if (typeof total === 'number') g.set({ kind }, total);
  });
}
