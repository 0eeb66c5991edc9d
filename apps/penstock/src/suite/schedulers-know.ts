import { MetricSeries } from '@penstock/engine';
import { metricsText } from './metrics-text.js';
import type { SuiteRecord } from './state.js';

const ENDPOINTS = 'penstock_scheduler_endpoints';
const SILENT = 'penstock_scheduler_engines_without_kv_events';

/** Whether every scheduler gives requests to so many engines of the pool, and hears the KV events of all of them. */
export async function schedulersKnow(record: SuiteRecord, engines: number): Promise<boolean> {
  const pages = await Promise.all(record.urls.schedulerMetrics.map(metricsText));
  const pool = `${record.namespace}/${record.pool}`;
  return pages.every((page) => {
    const series = new MetricSeries(page, new Set([ENDPOINTS, SILENT]));
    const value = (name: string, state?: string) =>
      series
        .get(name)
        .filter(({ labels }) => labels?.['pool'] === pool && labels['state'] === state)
        .reduce((sum, { value }) => sum + Number(value), 0);
    return value(ENDPOINTS, 'ready') >= engines && value(SILENT) === 0;
  });
}
