import { fileURLToPath } from 'node:url';
import { AlertTrial } from '@penstock/testing';
import { IndexLab } from '../index-lab.js';

export const RULES = fileURLToPath(
  new URL('../../../../deploy/dashboards/rules/kv-index.yaml', import.meta.url),
);
/** Scrapes that stand for four minutes: longer than any alert waits. */
const SCRAPES = 16;

/** A running kv-index, and the trial of its alerts. */
export class AlertLab extends IndexLab {
  readonly trial = new AlertTrial(RULES);

  /** Scrapes for four minutes of Prometheus' time. @returns names of the alerts that fire within it */
  async watch(during: () => void = () => {}): Promise<Set<string>> {
    const from = this.trial.length;
    for (let i = 0; i < SCRAPES; i++) {
      during();
      this.trial.scraped(await this.metrics());
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    return this.trial.firing(from);
  }
}
