import { randomUUID } from 'node:crypto';
import type { SuiteRecord } from '../../src/suite/state.js';
import { waitUntil } from '../../src/suite/wait-until.js';

/** What one completion came to. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly requestId: string;
  readonly endedAtMs: number;
}

/** The schedulers, as a client and somebody who reads their metrics see them. */
export class FrontDoor {
  constructor(private readonly urls: SuiteRecord['urls']) {}

  /** Sends completions at the same time; the answers come in the order of sending. */
  complete(model: string, count: number): Promise<Answer[]> {
    return Promise.all(Array.from({ length: count }, () => this.completeOne(model)));
  }

  /** Waits until every scheduler knows a pool, and with it what was created before the pool. */
  async untilPoolIsKnown(namespace: string, pool: string): Promise<void> {
    const isKnown = async () => (await this.waiting(namespace, pool)).every((count) => count !== undefined);
    await waitUntil(`schedulers to know ${namespace}/${pool}`, isKnown, 30_000);
  }

  /** Requests that wait in the schedulers for an engine of a pool. */
  async held(namespace: string, pool: string): Promise<number> {
    return (await this.waiting(namespace, pool)).reduce<number>((sum, count = 0) => sum + count, 0);
  }

  /** By scheduler: undefined where the pool is unknown. */
  private waiting(namespace: string, pool: string): Promise<Array<number | undefined>> {
    const start = `penstock_scheduler_waiting_requests{pool="${namespace}/${pool}"} `;
    const read = async (url: string) => {
      const lines = (await (await fetch(`${url}/metrics`)).text()).split('\n');
      const line = lines.find((l) => l.startsWith(start));
      return line === undefined ? undefined : Number(line.slice(start.length));
    };
    return Promise.all(this.urls.schedulerMetrics.map(read));
  }

  private async completeOne(model: string): Promise<Answer> {
    const requestId = randomUUID();
    const response = await fetch(`${this.urls.frontDoor}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': requestId },
      body: JSON.stringify({ model, prompt: 'The water turns the wheel', max_tokens: 8 }),
    });
    const text = await response.text();
    return { status: response.status, text, requestId, endedAtMs: Date.now() };
  }
}
