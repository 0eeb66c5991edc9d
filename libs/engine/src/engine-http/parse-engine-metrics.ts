import { EngineHttpError } from './engine-http-error.js';
import type { EngineMetrics, LoraMetrics } from './engine-metrics.js';
import { type EngineKind, METRIC_NAMES, type MetricNames, type MetricPlace } from './metric-names.js';
import { MetricSeries } from './metric-series.js';

const KINDS = Object.keys(METRIC_NAMES) as EngineKind[];
const ALL_NAMES: ReadonlySet<string> = new Set(KINDS.flatMap((kind) => namesOf(METRIC_NAMES[kind])));

/**
 * Reads an engine's `/metrics`.
 *
 * @param engine which engine it is; recognised by its metrics when absent
 * @throws EngineHttpError `malformed` when the load figures (waiting, running, KV use) are missing or no numbers
 */
export function parseEngineMetrics(text: string, engine?: EngineKind): EngineMetrics {
  const series = new MetricSeries(text, ALL_NAMES);
  const kind = engine ?? KINDS.find((k) => METRIC_NAMES[k].running.names.some((name) => series.has(name)));
  if (kind === undefined) {
    throw new EngineHttpError(
      'malformed',
      `no engine's metrics: none of ${KINDS.map((k) => METRIC_NAMES[k].running.names[0]).join(', ')} is there`,
    );
  }
  const names = METRIC_NAMES[kind];
  const blockSizes = wholeFigures(series, names.blockSize);
  const blockCounts = wholeFigures(series, names.blockCount);
  return {
    engine: kind,
    waiting: sum(requiredFigures(series, names.waiting)),
    running: sum(requiredFigures(series, names.running)),
    kvUsage: Math.min(1, mean(requiredFigures(series, names.kvUsage))),
    blockSize: blockSizes[0],
    blockCount: blockCounts.length > 0 ? sum(blockCounts) : undefined,
    modelNames: modelNames(series, names),
    prefixQueryTokens: counter(series, names.prefixQueries),
    prefixHitTokens: counter(series, names.prefixHits),
    lora: names.loraInfo === undefined ? undefined : lora(series, names.loraInfo),
  };
}

function requiredFigures(series: MetricSeries, place: MetricPlace): number[] {
  const figures = series.figures(place);
  if (figures.length === 0 || !figures.every((figure) => Number.isFinite(figure) && figure >= 0)) {
    throw new EngineHttpError(
      'malformed',
      `${place.names[0]} is ${figures.length === 0 ? 'missing' : `[${figures.join(', ')}]`}; ` +
        'load figures must be there and at least 0',
    );
  }
  return figures;
}

/** Configuration figures; an engine that is still starting writes `None`. */
function wholeFigures(series: MetricSeries, place: MetricPlace): number[] {
  return series.figures(place).filter((figure) => Number.isSafeInteger(figure) && figure > 0);
}

function counter(series: MetricSeries, place: MetricPlace | undefined): number | undefined {
  const figures = place ? series.figures(place).filter((figure) => Number.isFinite(figure)) : [];
  return figures.length > 0 ? sum(figures) : undefined;
}

function modelNames(series: MetricSeries, names: MetricNames): string[] {
  const found = new Set<string>();
  for (const name of names.running.names) {
    for (const { labels } of series.get(name)) {
      if (labels?.model_name) {
        found.add(labels.model_name);
      }
    }
  }
  return [...found].sort();
}

/** vLLM keeps old label sets as series of their own; the value is when each was true, so the newest counts. */
function lora(series: MetricSeries, name: string): LoraMetrics | undefined {
  let newest: { at: number; labels: Readonly<Record<string, string>> } | undefined;
  for (const { value, labels } of series.get(name)) {
    const at = Number(value);
    if (labels && Number.isFinite(at) && (!newest || at > newest.at)) {
      newest = { at, labels };
    }
  }
  if (!newest) {
    return undefined;
  }
  const list = (text: string | undefined) => (text ?? '').split(',').filter((adapter) => adapter !== '');
  const { max_lora: max, running_lora_adapters: running, waiting_lora_adapters: waiting } = newest.labels;
  return { maxAdapters: Number(max) || 0, running: list(running), waiting: list(waiting) };
}

function namesOf(names: MetricNames): string[] {
  const { loraInfo, ...places } = names;
  return [...Object.values(places).flatMap((place) => place.names), ...(loraInfo ? [loraInfo] : [])];
}

function sum(figures: readonly number[]): number {
  return figures.reduce((total, figure) => total + figure, 0);
}

function mean(figures: readonly number[]): number {
  return sum(figures) / figures.length;
}
