import parsePrometheus, { type PrometheusSample } from 'parse-prometheus-text-format';
import { EngineHttpError } from './engine-http-error.js';
import type { MetricPlace } from './metric-names.js';

/** The series of some metrics in a Prometheus text. */
export class MetricSeries {
  private readonly families = new Map<string, PrometheusSample[]>();

  /**
   * Parses only the lines of the metrics named: an engine's histograms make up most of its text.
   *
   * @throws EngineHttpError `malformed`
   */
  constructor(text: string, names: ReadonlySet<string>) {
    const wanted = text.split('\n').filter((line) => names.has(metricName(line)));
    try {
      // The parser loses the last line unless a newline follows it.
      for (const { name, metrics } of parsePrometheus(`${wanted.join('\n')}\n`)) {
        this.families.set(name, [...(this.families.get(name) ?? []), ...metrics]);
      }
    } catch (error) {
      throw new EngineHttpError('malformed', `no Prometheus text: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  has(name: string): boolean {
    return this.families.has(name);
  }

  get(name: string): readonly PrometheusSample[] {
    return this.families.get(name) ?? [];
  }

  /** All figures at a place, one per series; empty when it is not there. */
  figures(place: MetricPlace): number[] {
    const name = place.names.find((candidate) => this.families.has(candidate));
    if (name === undefined) {
      return [];
    }
    const wanted = Object.entries(place.where ?? {});
    return this.get(name)
      .filter((sample) => wanted.every(([key, text]) => sample.labels?.[key] === text))
      .map((sample) => Number(place.label ? (sample.labels?.[place.label] ?? 'NaN') : sample.value));
  }
}

/** Name at the start of a sample line; empty for comments. */
function metricName(line: string): string {
  const end = line.search(/[{ \t]/);
  return end < 0 ? '' : line.slice(0, end);
}
