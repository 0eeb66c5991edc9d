import { afterEach, describe, expect, it } from '@jest/globals';
import { encodeEngineBatch, KvEventListener, KvEventPublisher } from '@penstock/engine';
import { loadConfig, type RunningService, runService, systemClock } from '@penstock/platform';
import { FakeBlockStore, FakeCluster, FakeEventBus, until } from '@penstock/testing';
import { HttpEngineProbe } from '../src/adapters/http-engine-probe.js';
import { ZmqEngineStreams } from '../src/adapters/zmq-engine-streams.js';
import type { EngineTracker } from '../src/application/track-engines.js';
import { config } from '../src/config.js';
import { IndexModule, providePorts } from '../src/index.module.js';
import { TRACKER } from '../src/injection-tokens.js';

const PATIENCE_MS = 30_000;
const closing: Array<() => Promise<unknown>> = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(listener: KvEventListener, engines: readonly object[]): Promise<RunningService> {
  const ports = providePorts(async ({ logger }) => {
    const bus = new FakeEventBus();
    return {
      cluster: new FakeCluster(),
      bus,
      store: new FakeBlockStore(),
      clock: systemClock,
      streams: new ZmqEngineStreams('', logger, listener),
      probe: new HttpEngineProbe(),
      dialIn: listener.stats,
      close: async () => void (await Promise.all([bus.close(), listener.close()])),
    };
  });
  const own = ['--grpc-port=0', '--metrics-port=0', '--http-port=0', '--log-level=silent'];
  const loaded = loadConfig(config, [...own, `--engines=${JSON.stringify(engines)}`], {});
  const definition = { config, module: IndexModule.with(ports), grpc: { services: ['kvindex'] } };
  const service = await runService(definition as never, loaded as never);
  closing.push(() => service.stop());
  return service;
}

describe('engines that dial kv-index', () => {
  it('are followed with what they had before, and nobody else is', async () => {
    const listener = await KvEventListener.bind({ host: '127.0.0.1', port: 0 });
    const engine = await KvEventPublisher.bind({
      endpoint: `tcp://127.0.0.1:${listener.ports[0]}`,
      dialFrom: '',
      replayEndpoint: 'tcp://127.0.0.1:0',
    });
    closing.push(() => engine.close());
    const store = (first: number) =>
      engine.publish(
        encodeEngineBatch(
          {
            timestampMs: Date.now(),
            rank: 0,
            events: [
              {
                type: 'stored',
                hashes: [Buffer.alloc(32, first)],
                parent: null,
                tokenIds: [first, 1, 2, 3],
                blockSize: 4,
              },
            ],
          },
          { layout: 'map', hashes: 'bytes' },
        ),
      );
    store(1);
    // Nobody answers at the address where it would be dialled.
    const place = { events: 'tcp://127.0.0.1:1', replay: engine.replayEndpoint };
    const service = await start(listener, [{ name: 'a', model: 'm', blockSize: 4, ...place }]);
    const tracker = service.get<EngineTracker>(TRACKER);
    await until(() => tracker.get('Static/a')?.state === 'live', PATIENCE_MS);
    store(2);
    await until(() => tracker.get('Static/a')?.cache?.blocks === 2, PATIENCE_MS);
    const text = await (await fetch(`http://127.0.0.1:${service.listeners.metrics}/metrics`)).text();
    expect(text).toMatch(/penstock_kv_index_dial_ins_total\{outcome="accepted"\} [1-9]/);
  });
});
