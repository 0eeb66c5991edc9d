import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { provisionPromtool } from '../provision/index.js';
import { runCommand } from '../provision/run-command.js';

/** Prometheus takes each scrape of a trial for one that is this long after the one before. */
const SCRAPE_SECONDS = 15;
const ABSENT = '_';

/**
 * Tries alerting rules on what a real service says of itself: its metrics are scraped while faults are caused, and
 * Prometheus' own tool then tells which alerts fire at which scrape. Time runs faster: a scrape counts for 15 s.
 */
export class AlertTrial {
  private readonly series = new Map<string, string[]>();
  private scrapes = 0;

  constructor(private readonly rulesFile: string) {}

  /** Scrapes taken. */
  get length(): number {
    return this.scrapes;
  }

  /** Takes one scrape in. @param text Prometheus' text format, without time stamps */
  scraped(text: string): void {
    for (const line of text.split('\n')) {
      const end = line.lastIndexOf(' ');
      if (end <= 0 || line.startsWith('#')) continue;
      const name = line.slice(0, end);
      const values = this.series.get(name) ?? new Array<string>(this.scrapes).fill(ABSENT);
      this.series.set(name, values);
      values.push(line.slice(end + 1));
    }
    this.scrapes++;
    for (const values of this.series.values()) {
      while (values.length < this.scrapes) values.push(ABSENT);
    }
  }

  /**
   * Names of the alerts that fire at any scrape from `from` (included) to `to` (excluded).
   * @throws Error with the words of promtool when the rules cannot be evaluated
   */
  async firing(from: number, to = this.scrapes): Promise<Set<string>> {
    const found = new Set<string>();
    // promtool compares with what is expected, and says what it got instead.
    const span = `[${(to - from) * SCRAPE_SECONDS - 1}s:${SCRAPE_SECONDS}s]`;
    const expr = `count by (alertname) (max_over_time(ALERTS{alertstate="firing"}${span}))`;
    const evalTime = `${(to - 1) * SCRAPE_SECONDS}s`;
    const output = await this.test([{ expr, eval_time: evalTime, exp_samples: [] }]);
    for (const [, name] of output.matchAll(/alertname="([^"]+)"/g)) found.add(name as string);
    return found;
  }

  private async test(expressions: readonly object[]): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), 'penstock-alerts-'));
    try {
      const interval = `${SCRAPE_SECONDS}s`;
      const input = [...this.series].map(([series, values]) => ({ series, values: values.join(' ') }));
      const test = { interval, input_series: input, promql_expr_test: expressions };
      const file = join(folder, 'trial.yaml');
      const trial = { rule_files: [this.rulesFile], evaluation_interval: interval, tests: [test] };
      writeFileSync(file, stringify(trial, { lineWidth: 0 }));
      const result = await runCommand(await provisionPromtool(), ['test', 'rules', file], { cwd: folder });
      const output = `${result.stdout}${result.stderr}`;
      // Either nothing fires, or the difference to nothing is told.
      if (result.status !== 0 && !output.includes('got:')) throw new Error(`promtool: ${output}`);
      return result.status === 0 ? '' : output;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
