import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NatsEventBus, NatsInspector } from '@penstock/messaging';
import { startNats, until } from '@penstock/testing';
import { checkEngines } from '../src/doctor/checks/check-engines.js';
import { checkEventFlow } from '../src/doctor/checks/check-event-flow.js';
import { checkNats } from '../src/doctor/checks/check-nats.js';
import { checkServices } from '../src/doctor/checks/check-services.js';
import { checkStorage, storageFindings } from '../src/doctor/checks/check-storage.js';
import { checkVersions } from '../src/doctor/checks/check-versions.js';
import { runChecks } from '../src/doctor/run-checks.js';

const look = (...checks: Parameters<typeof runChecks>[0]) => runChecks(checks, 10_000);

describe('versions', () => {
  it.each([
    ['20.9.0', 'fail'],
    ['22.18.9', 'fail'],
    ['22.19.0', 'ok'],
    ['24.0.0', 'ok'],
  ])('Node %s: %s', async (node, status) => {
    expect(await look(checkVersions(node))).toMatchObject([{ name: 'penstock' }, { name: 'node', status }]);
  });
});

describe('services', () => {
  let server: Server;
  let answer: unknown;
  beforeAll(async () => {
    server = createServer((_, response) =>
      response.end(typeof answer === 'string' ? answer : JSON.stringify(answer)),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    server.close();
  });
  const check = () => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return look(checkServices({ scheduler: [url] }, 1000));
  };
  const nats = { name: 'nats', ok: false, required: false, detail: 'not connected', durationMs: 1 };

  it.each([
    [{ status: 'ok', checks: [] }, 'ok', /^ready/],
    [{ status: 'degraded', checks: [nats] }, 'warn', /degraded: nats: not connected/],
    [
      { status: 'not-ready', checks: [{ ...nats, name: 'pools', required: true }] },
      'fail',
      /pools: not connected/,
    ],
    ['<html>', 'fail', /does not answer/],
  ])('%j: %s', async (said, status, detail) => {
    answer = said;
    expect(await check()).toMatchObject([{ status, detail: expect.stringMatching(detail) }]);
  });

  it('that are away fail; that are not known are not called well', async () => {
    expect(await look(checkServices({ 'kv-index': ['http://127.0.0.1:1'] }, 1000))).toMatchObject([
      { status: 'fail', name: 'kv-index 127.0.0.1:1', detail: expect.stringContaining('ECONNREFUSED') },
    ]);
    expect(await look(checkServices({}, 1000))).toMatchObject([{ status: 'skip' }]);
    expect(await look(checkEngines(['127.0.0.1:1'], 1000))).toMatchObject([
      { status: 'fail', detail: expect.stringContaining('ECONNREFUSED') },
    ]);
  });
});

describe('storage', () => {
  const tier = (name: string, used: number, capacity: number, node = 'node-1') =>
    ({ tier: `TIER_${name}`, node, usedBytes: String(used), capacityBytes: String(capacity) }) as never;
  const live = { node: 'node-1', address: '10.0.0.1:9106', state: 'live', problem: '' };
  const stats = {
    tiers: [tier('CPU', 512, 1024), tier('S3', 2048, 0, '')],
    nodes: [live],
    moves: [],
    leader: true,
    s3Listed: true,
  };

  it('is well with live nodes and room', () => {
    expect(storageFindings(stats)).toMatchObject([
      { name: 'nodes', status: 'ok' },
      { name: 'tiers', status: 'ok', detail: 'cpu of node-1 512 B (50 %), s3 2.0 KiB' },
    ]);
  });

  it('names lost nodes, full tiers and an S3 that was not listed', () => {
    const lost = { ...live, state: 'lost', problem: 'connection refused' };
    expect(
      storageFindings({ ...stats, nodes: [lost], tiers: [tier('SSD', 99, 100)], s3Listed: false }),
    ).toMatchObject([
      { name: 'nodes', status: 'warn', detail: 'node-1 is lost (connection refused)' },
      { name: 'tiers', status: 'warn', detail: 'ssd of node-1 99 B (99 %)' },
      { name: 's3', status: 'warn' },
    ]);
    expect(storageFindings({ ...stats, nodes: [], tiers: [] })).toMatchObject([
      { status: 'warn' },
      { status: 'ok' },
    ]);
  });

  it('without kv-offload fails', async () => {
    expect(await look(checkStorage(['127.0.0.1:1'], 1000))).toMatchObject([
      { status: 'fail', detail: expect.stringContaining('ECONNREFUSED') },
    ]);
  });
});

describe('nats and events', () => {
  it('without streams, with streams but silent, and with reports', async () => {
    const server = await startNats();
    const inspector = NatsInspector.connect({ servers: [server.url], source: 'test' }, 2000);
    const flow = { inspector, patienceMs: 300, timeoutMs: 1000 };
    try {
      expect(await look(checkNats(inspector, 'known'))).toMatchObject([
        { name: 'version', status: 'ok' },
        { name: 'jetstream', status: 'ok' },
        { name: 'streams', status: 'fail', detail: expect.stringContaining('PENSTOCK_KV') },
      ]);
      const bus = NatsEventBus.connect({ servers: [server.url], source: 'scheduler/test' });
      try {
        await until(() => bus.status().problem === undefined);
        expect(await look(checkNats(inspector, 'known'))).toMatchObject([
          {},
          {},
          { name: 'streams', status: 'ok' },
        ]);
        expect(await look(checkEventFlow({ ...flow, frontDoor: 'http://127.0.0.1:1' }))).toMatchObject([
          { name: 'demand.reported', status: 'fail' },
          { name: 'routing.decided', status: 'fail', detail: expect.stringContaining('ECONNREFUSED') },
        ]);
        const timer = setInterval(() => bus.publish(demandReported()), 50);
        expect(await look(checkEventFlow(flow))).toMatchObject([
          { name: 'demand.reported', status: 'ok', detail: expect.stringContaining('of ns/chat') },
        ]);
        clearInterval(timer);
      } finally {
        await bus.close();
      }
    } finally {
      await (await inspector).close();
      await server.stop();
    }
  }, 30_000);

  it('at an address without a server: one failure, and events are not called well', async () => {
    const inspector = NatsInspector.connect(
      { servers: ['nats://user:secret@127.0.0.1:1'], source: 'test' },
      500,
    );
    const found = await look(
      checkNats(inspector, 'known'),
      checkEventFlow({ inspector, patienceMs: 100, timeoutMs: 100 }),
    );
    expect(found).toMatchObject([
      { area: 'nats', status: 'fail', fix: expect.stringContaining('check that nats-server runs there') },
      { area: 'events', status: 'skip' },
    ]);
    expect(JSON.stringify(found)).not.toContain('secret');
  });
});

const demandReported = () => ({
  type: 'demand.reported',
  namespace: 'ns',
  pool: 'chat',
  data: {
    ...{ model: 'm', class: 'standard', role: 'both', intervalMs: 1000, requests: 0, promptTokens: 0 },
    ...{ uncachedTokens: 0, outputTokens: 0, inFlight: 0, scheduler: 's' },
  },
});
