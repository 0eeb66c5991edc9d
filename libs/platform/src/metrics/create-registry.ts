import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/**
 * The metric registry of one service, with the process metrics of prom-client and `penstock_build_info`.
 * The event-loop probe runs every 100 ms: prom-client's default of 10 ms keeps an idle process awake.
 */
export function createRegistry(service: string, version: string): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  new Gauge({
    name: 'penstock_build_info',
    help: 'Always 1; labels say what runs',
    labelNames: ['service', 'version', 'node'],
    registers: [registry],
  }).set({ service, version, node: process.version }, 1);
  return registry;
}
