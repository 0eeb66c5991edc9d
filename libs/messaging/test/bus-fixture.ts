import type { OutgoingEvent } from '@penstock/core/ports';
import { type ManagedServer, startNats, until } from '@penstock/testing';
import { NatsEventBus, type NatsEventBusOptions } from '../src/index.js';

export const gone = (pod: string, over: Partial<OutgoingEvent> = {}): OutgoingEvent => ({
  type: 'engine.gone',
  namespace: 'ns',
  pool: 'pool',
  key: pod,
  data: { engine: `ns/${pod}`, pod, address: '', reason: 'deleted' },
  ...over,
});

/** Servers and buses of one test, closed together. */
export class BusFixture {
  private readonly closers: Array<() => Promise<unknown>> = [];

  async server(options: Parameters<typeof startNats>[0] = {}): Promise<ManagedServer> {
    const server = await startNats(options);
    this.closers.unshift(() => server.stop());
    return server;
  }

  bus(url: string, options: Partial<NatsEventBusOptions> = {}): NatsEventBus {
    const bus = NatsEventBus.connect({ servers: [url], source: 'test/0', ...options });
    this.closers.unshift(() => bus.close());
    return bus;
  }

  async readyBus(url: string, options: Partial<NatsEventBusOptions> = {}): Promise<NatsEventBus> {
    const bus = this.bus(url, options);
    await until(() => bus.status().problem === undefined);
    return bus;
  }

  atEnd(close: () => Promise<unknown>): void {
    this.closers.unshift(close);
  }

  async close(): Promise<void> {
    for (const close of this.closers.splice(0)) await close();
  }
}
