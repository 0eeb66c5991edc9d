import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startNats, until } from '@penstock/testing';
import { connect, type JetStreamManager, type NatsConnection } from 'nats';
import { NatsEventBus } from '../nats-event-bus.js';
import { STREAM_NAMES } from '../streams/stream-table.js';
import { NatsInspector } from './nats-inspector.js';

const draining = (key: string) => ({
  type: 'engine.draining',
  namespace: 'a.b',
  pool: 'p',
  key,
  data: { engine: 'a.b/pod-0', pod: 'pod-0', address: '10.0.0.1:8000', deadlineMs: 5, reason: 'scale-down' },
});

const rejected = (requestId: string) => ({
  type: 'routing.rejected',
  namespace: 'ns',
  pool: 'p',
  key: requestId,
  data: { requestId, model: 'm', status: 503, reason: 'no_endpoint', excluded: {}, scheduler: 's' },
});

describe('NatsInspector', () => {
  let server: Awaited<ReturnType<typeof startNats>>;
  let observer: NatsConnection;
  let manager: JetStreamManager;
  let inspector: NatsInspector;

  beforeAll(async () => {
    server = await startNats();
    observer = await connect({ servers: server.url });
    manager = await observer.jetstreamManager();
    inspector = await NatsInspector.connect({ servers: [server.url], source: 'test' }, 2000);
  });
  afterAll(async () => {
    await inspector?.close();
    await observer?.close();
    await server?.stop();
  });

  it('says which streams are missing and makes none', async () => {
    const reports = await inspector.streams();
    expect(reports.map(({ name }) => name)).toEqual(STREAM_NAMES);
    expect(reports.every(({ present }) => !present)).toBe(true);
    expect((await manager.streams.list().next()).length).toBe(0);
    expect(inspector.version).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('sees events that are published, those stored before it looked, and drift that it does not repair', async () => {
    const bus = NatsEventBus.connect({ servers: [server.url], source: 'service' });
    try {
      await until(() => bus.status().problem === undefined);
      expect((await inspector.streams('known')).flatMap(({ drift }) => drift)).toEqual([]);
      const beforeMs = Date.now() - 1000;
      const seen: string[] = [];
      const stop = inspector.watch(['engine.draining'], ({ key }) => seen.push(String(key)));
      await inspector.settled();
      bus.publish(draining('a'));
      bus.publish(draining('b'));
      await bus.flush();
      await until(() => seen.length === 2);
      stop();
      expect(seen).toEqual(['a', 'b']);
      const recent = await inspector.recent('engine.draining', beforeMs);
      expect(recent.events.map(({ key }) => key)).toEqual(['a', 'b']);
      expect(recent.sinceMs).toBe(beforeMs);
      expect((await inspector.recent('engine.draining', Date.now() + 60_000)).events).toEqual([]);
    } finally {
      await bus.close();
    }
    const { config } = await manager.streams.info('PENSTOCK_TIER');
    await manager.streams.update('PENSTOCK_TIER', { ...config, max_bytes: 4096 });
    await manager.streams.update('PENSTOCK_DEMAND', {
      ...(await manager.streams.info('PENSTOCK_DEMAND')).config,
      subjects: ['penstock.v1.demand.other'],
    });
    const drift = async (compare: 'known' | 'portable') =>
      Object.fromEntries(
        (await inspector.streams(compare)).map(({ name, drift: fields }) => [name, fields.length]),
      );
    // An installation may have other sizes, but never other subjects.
    expect(await drift('portable')).toMatchObject({ PENSTOCK_TIER: 0, PENSTOCK_DEMAND: 1 });
    expect(await drift('known')).toMatchObject({ PENSTOCK_TIER: 1, PENSTOCK_DEMAND: 1 });
    expect((await manager.streams.info('PENSTOCK_TIER')).config.max_bytes).toBe(4096);
  });

  it('reads the newest events where there are many, and says since when it has them all', async () => {
    const bus = NatsEventBus.connect({ servers: [server.url], source: 'service' });
    try {
      await until(() => bus.status().problem === undefined);
      const startMs = Date.now();
      for (let i = 0; i < 6000; i++) bus.publish(rejected(`r-${i}`));
      await bus.flush(20_000);
      const { events, sinceMs } = await inspector.recent('routing.rejected', startMs - 1000);
      expect(events.length).toBeLessThanOrEqual(5000);
      expect(sinceMs).toBeGreaterThan(startMs - 1000);
      if (events.length > 0) expect(events.at(-1)?.key).toBe('r-5999');
    } finally {
      await bus.close();
    }
  }, 60_000);

  it('says when JetStream is off', async () => {
    const plain = await startNats({ jetstream: false });
    const looking = await NatsInspector.connect({ servers: [plain.url], source: 'test' }, 2000);
    try {
      await expect(looking.streams()).rejects.toThrow(
        /^JetStream at .+ does not answer .*start nats-server with --jetstream/,
      );
    } finally {
      await looking.close();
      await plain.stop();
    }
  });

  it('says where no server is', async () => {
    await expect(
      NatsInspector.connect({ servers: ['nats://127.0.0.1:1'], source: 'test' }, 1000),
    ).rejects.toThrow(
      /^NATS at nats:\/\/127\.0\.0\.1:1 is not reachable \(.+\); check that nats-server runs there/,
    );
  });
});
