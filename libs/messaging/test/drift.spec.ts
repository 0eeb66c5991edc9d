import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from '@penstock/testing';
import { connect, StorageType } from 'nats';
import { BusFixture, gone } from './bus-fixture.js';

const fixture = new BusFixture();
afterEach(() => fixture.close());

async function managerOf(url: string) {
  const connection = await connect({ servers: url });
  fixture.atEnd(() => connection.close());
  return connection.jetstreamManager();
}

describe('configuration of the streams', () => {
  it('is not ready while a stream differs from the table, and a new connection repairs it', async () => {
    const server = await fixture.server();
    const bus = await fixture.readyBus(server.url, { verifyIntervalMs: 100 });
    const manager = await managerOf(server.url);
    const { config } = await manager.streams.info('PENSTOCK_ENGINE');
    await manager.streams.update('PENSTOCK_ENGINE', { ...config, max_bytes: 1024 * 1024 });
    await until(() => bus.status().problem !== undefined);
    expect(bus.status().problem).toContain(
      'stream PENSTOCK_ENGINE differs from the table: max_bytes is 1048576, expected 67108864',
    );
    // It still works.
    bus.publish(gone('a'));
    await bus.flush();
    await server.restart();
    await until(() => bus.status().connected && bus.status().problem === undefined);
    const repaired = await (await managerOf(server.url)).streams.info('PENSTOCK_ENGINE');
    expect(repaired.config.max_bytes).toBe(67108864);
  });

  it('says what cannot be repaired', async () => {
    const server = await fixture.server();
    const manager = await managerOf(server.url);
    const subjects = ['penstock.v1.kv.>'];
    await manager.streams.add({ name: 'PENSTOCK_KV', subjects, storage: StorageType.File });
    const bus = fixture.bus(server.url);
    await until(() => /PENSTOCK_KV/.test(bus.status().problem ?? ''));
    expect(bus.status().problem).toMatch(/storage is "file", expected "memory".*can not change storage type/);
  });

  it('says why a stream cannot be created', async () => {
    const server = await fixture.server();
    const bus = fixture.bus(server.url, { streams: { replicas: 3 } });
    await until(() => /cannot be created/.test(bus.status().problem ?? ''));
    expect(bus.status().problem).toMatch(/stream PENSTOCK_KV cannot be created: .*replicas/);
  });

  it('leaves the streams of a newer release alone', async () => {
    const server = await fixture.server();
    const first = await fixture.readyBus(server.url);
    const manager = await managerOf(server.url);
    const { config } = await manager.streams.info('PENSTOCK_TIER');
    const newer = { ...config, description: 'penstock stream table 99', max_bytes: 1024 * 1024 };
    await manager.streams.update('PENSTOCK_TIER', newer);
    await first.close();
    const second = await fixture.readyBus(server.url, { verifyIntervalMs: 100 });
    expect(second.status().problem).toBeUndefined();
    expect((await manager.streams.info('PENSTOCK_TIER')).config.max_bytes).toBe(1024 * 1024);
  });

  it('applies what an installation overrides', async () => {
    const server = await fixture.server();
    await fixture.readyBus(server.url, {
      streams: { streams: { PENSTOCK_KV: { maxBytes: 8 * 1024 * 1024, maxAgeMs: 30_000 } } },
    });
    const { config } = await (await managerOf(server.url)).streams.info('PENSTOCK_KV');
    expect(config).toMatchObject({ max_bytes: 8 * 1024 * 1024, max_age: 30_000_000_000, storage: 'memory' });
    expect(config.duplicate_window).toBe(30_000_000_000);
  });

  it('reports a durable consumer that others use with another filter', async () => {
    const server = await fixture.server();
    const bus = await fixture.readyBus(server.url);
    const manager = await managerOf(server.url);
    const wrong = {
      durable_name: 'd__engine_gone',
      filter_subject: 'penstock.v1.engine.>',
      deliver_policy: 'new',
    };
    await manager.consumers.add('PENSTOCK_ENGINE', { ...wrong, ack_policy: 'none' } as never);
    const subscription = await bus.consume({ durable: 'd', types: ['engine.gone'] }, () => {});
    await until(() =>
      /consumer d__engine_gone of stream PENSTOCK_ENGINE differs/.test(bus.status().problem ?? ''),
    );
    await subscription.stop();
    expect(bus.status().problem).toBeUndefined();
  });
});
