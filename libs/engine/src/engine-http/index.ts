export * from './engine-http-error.js';
export * from './engine-metrics.js';
export type { EngineHttpOptions } from './get-text.js';
export { type EngineKind, METRIC_NAMES, type MetricNames, type MetricPlace } from './metric-names.js';
export { MetricSeries } from './metric-series.js';
export * from './parse-engine-metrics.js';
export * from './probe-models.js';
export * from './scrape-engine.js';
