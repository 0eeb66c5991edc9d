import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EVENTS, type EventType } from '@penstock/contracts';
import type { IncomingEvent } from '@penstock/core/ports';
import { type ManagedServer, startNats, until } from '@penstock/testing';
import { NatsEventBus } from '../src/index.js';
import { type RawMessage, subscribeRaw } from './raw-subscriber.js';
import { SAMPLE_EVENTS } from './sample-events.js';

/** What other programs may rely on: change it only together with a new major version of the event. */
const GOLDEN: Record<string, RawMessage> = JSON.parse(
  readFileSync(new URL('golden-events.json', import.meta.url), 'utf8'),
);
const types = Object.keys(EVENTS) as EventType[];

describe('events on the wire', () => {
  let server: ManagedServer;
  let bus: NatsEventBus;
  let raw: Awaited<ReturnType<typeof subscribeRaw>>;
  const received: IncomingEvent[] = [];
  beforeAll(async () => {
    server = await startNats();
    bus = NatsEventBus.connect({
      servers: [server.url],
      source: 'scheduler/0 ü',
      epoch: 'epoch-1',
      nowMs: () => Date.UTC(2026, 0, 2, 3, 4, 5, 6),
    });
    await until(() => bus.status().problem === undefined);
    raw = await subscribeRaw(server.port, 'penstock.v1.>');
    await bus.follow({ types, from: 'new' }, (event) => void received.push(event));
    for (const type of types) bus.publish(SAMPLE_EVENTS[type]);
    await bus.flush();
    await until(() => raw.messages.length >= types.length && received.length >= types.length);
  });
  afterAll(async () => {
    raw?.close();
    await bus?.close();
    await server?.stop();
  });

  it.each(types)('%s', (type) => {
    const message = raw.messages.find(({ subject }) => subject.startsWith(`penstock.v1.${type}.`));
    expect(message).toEqual(GOLDEN[type]);
    const event = received.find((candidate) => candidate.type === type);
    const { data, namespace, pool, key } = SAMPLE_EVENTS[type];
    expect(event).toMatchObject({ data, namespace, pool, source: 'scheduler/0 ü', epoch: 'epoch-1' });
    expect(event?.key).toBe(key);
    expect(event?.timeMs).toBe(Date.UTC(2026, 0, 2, 3, 4, 5, 6));
  });

  it('has bytes for every type and no other', () => {
    expect(Object.keys(GOLDEN).sort()).toEqual([...types].sort());
  });
});
