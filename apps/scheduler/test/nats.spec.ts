import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { packKvDeltas, packU64, type schedulerV1 } from '@penstock/contracts';
import { blockKeys, namespaceSeed } from '@penstock/core/kv';
import { NatsEventBus } from '@penstock/messaging';
import { createGrpcClient } from '@penstock/platform';
import { type ManagedServer, startNats, until } from '@penstock/testing';
import { type Harness, startHarness } from './scheduler-harness.js';

const prompt = Array.from({ length: 64 }, (_, i) => i);
const keys = blockKeys(namespaceSeed({ model: 'base', blockSize: 4 }), prompt, 4);
type Methods = {
  Explain: { request: Partial<schedulerV1.ExplainRequest>; response: schedulerV1.ExplainResponse };
};

describe('the scheduler on real NATS', () => {
  let nats: ManagedServer;
  let ingester: NatsEventBus;
  const connect = (source: string) => NatsEventBus.connect({ servers: [nats.url], source });
  const snapshot = (engine: number, sequence: number) =>
    ingester.publish({
      type: 'kv.snapshot',
      namespace: 'ns',
      pool: 'p',
      key: `ns/engine-${engine}.0`,
      data: {
        engine: `ns/engine-${engine}`,
        incarnation: 1,
        sequence,
        part: 0,
        parts: 1,
        tiers: [{ tier: 'gpu', keys: packU64(keys) }],
      },
    });
  const route = async (h: Harness) => {
    const response = await h.post('/v1/completions', { model: 'base', prompt, stream: true });
    await response.text();
    return {
      status: response.status,
      endpoint: response.headers.get('x-penstock-endpoint'),
      id: response.headers.get('x-request-id') ?? '',
    };
  };
  const routesTo = (h: Harness, engine: number) =>
    until(async () => (await route(h)).endpoint === h.addresses[engine], 8000);

  beforeAll(async () => {
    nats = await startNats();
    ingester = connect('kv-index/test');
  });
  afterAll(async () => {
    await ingester.close();
    await nats.stop();
  });

  it('starts warm from the last snapshot, survives a killed NATS, and follows again', async () => {
    snapshot(2, 5);
    await ingester.flush();
    const h = await startHarness({ engines: 4, bus: connect('scheduler/a'), argv: ['--kv-worker=on'] });
    try {
      await routesTo(h, 2);
      await nats.kill();
      expect(await route(h)).toMatchObject({ status: 200, endpoint: h.addresses[2] });
      await nats.restart();
      ingester.publish({
        type: 'kv.delta',
        namespace: 'ns',
        pool: 'p',
        key: 'kv-index/test',
        data: packKvDeltas('kv-index/test', [
          { engineId: 'ns/engine-2', incarnation: 1, sequence: 6, cleared: true, changes: [] },
        ])[0],
      });
      snapshot(0, 9);
      await routesTo(h, 0);
    } finally {
      await h.stop();
    }
  });

  it('explains through the event stream what the other replica decided', async () => {
    const [a, b] = [
      await startHarness({ bus: connect('scheduler/a') }),
      await startHarness({ bus: connect('scheduler/b') }),
    ];
    const grpc = createGrpcClient<Methods>({
      proto: 'scheduler',
      service: 'SchedulerService',
      address: `127.0.0.1:${b.service.listeners.grpc}`,
    });
    try {
      const { id, endpoint } = await route(a);
      await until(async () => {
        const { decision } = await grpc
          .call('Explain', { requestId: id })
          .catch(() => ({ decision: undefined }));
        return decision?.endpoint === endpoint;
      }, 5000);
    } finally {
      grpc.close();
      await Promise.all([a.stop(), b.stop()]);
    }
  });
});
