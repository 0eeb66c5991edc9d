import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from '@penstock/testing';
import { connect, headers, Match } from 'nats';
import { encodeEvent, parseEventSubject, type WireMessage } from '../src/index.js';
import { BusFixture, gone } from './bus-fixture.js';

const fixture = new BusFixture();
afterEach(() => fixture.close());
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function operator(url: string) {
  const connection = await connect({ servers: url });
  fixture.atEnd(() => connection.close());
  return { connection, manager: await connection.jetstreamManager(), jetstream: connection.jetstream() };
}

describe('deliveries of NatsEventBus', () => {
  it('waits for a slow handler without delivering twice', async () => {
    const server = await fixture.server();
    const bus = await fixture.readyBus(server.url, { ackWaitMs: 1000 });
    const seen: string[] = [];
    await bus.consume({ durable: 'slow', types: ['engine.gone'] }, async (event) => {
      await sleep(1500);
      seen.push(`${event.key} ${event.deliveries}`);
    });
    bus.publish(gone('a'));
    bus.publish(gone('b'));
    await until(() => seen.length >= 2);
    await sleep(1200);
    expect(seen).toEqual(['a 1', 'b 1']);
    expect(bus.counters()).toMatchObject({ received: 2, handled: 2, retried: 0 });
  });

  it('gives up on a handler that hangs', async () => {
    const server = await fixture.server();
    const bus = await fixture.readyBus(server.url, { handlerTimeoutMs: 100, firstRetryMs: 10 });
    const seen: string[] = [];
    await bus.consume({ durable: 'hang', types: ['engine.gone'], maxDeliveries: 2 }, async (event) => {
      seen.push(`${event.key} ${event.deliveries}`);
      if (event.key === 'bad') await new Promise(() => {});
    });
    bus.publish(gone('bad'));
    bus.publish(gone('good'));
    await until(() => bus.counters().deadLettered === 1);
    expect(seen.sort()).toEqual(['bad 1', 'bad 2', 'good 1']);
  });

  it('waits longer before every further delivery', async () => {
    const server = await fixture.server();
    const bus = await fixture.readyBus(server.url, { firstRetryMs: 50 });
    const timesMs: number[] = [];
    await bus.consume({ durable: 'backoff', types: ['engine.gone'], maxDeliveries: 3 }, () => {
      timesMs.push(performance.now());
      throw new Error('no');
    });
    bus.publish(gone('a'));
    await until(() => bus.counters().deadLettered === 1);
    const [first = 0, second = 0, third = 0] = timesMs;
    expect(second - first).toBeGreaterThanOrEqual(45);
    expect(third - second).toBeGreaterThanOrEqual(190);
  });

  it('dead-letters an event that killed its consumer in every delivery, without calling the handler', async () => {
    const server = await fixture.server();
    const bus = await fixture.readyBus(server.url, { ackWaitMs: 300 });
    const options = { durable: 'crash', types: ['engine.gone'], maxDeliveries: 2 };
    const first = await bus.consume(options, () => {});
    await first.stop();
    const { jetstream, manager } = await operator(server.url);
    bus.publish(gone('deadly'));
    await bus.flush();
    const consumer = await jetstream.consumers.get('PENSTOCK_ENGINE', 'crash__engine_gone');
    for (let delivery = 0; delivery < 2; delivery++) await consumer.next({ expires: 2000 });
    const seen: string[] = [];
    await bus.consume(options, (event) => void seen.push(event.key ?? ''));
    await until(() => bus.counters().deadLettered === 1);
    expect(seen).toEqual([]);
    const letter = await manager.streams.getMessage('PENSTOCK_DLQ', { seq: 1 });
    expect(letter.subject).toBe('penstock.v1.dlq.PENSTOCK_ENGINE.crash__engine_gone');
    expect(decodeURIComponent(letter.header.get('penstock-dlq-reason'))).toBe(
      'handler-failed: not finished in 2 deliveries',
    );
    expect(letter.header.get('ce-type')).toBe('engine.gone');
    expect(letter.header.get('penstock-dlq-sequence')).toBe('1');
    expect(decodeURIComponent(letter.header.get('penstock-dlq-subject'))).toBe(
      'penstock.v1.engine.gone.ns.pool.deadly',
    );
    expect(letter.json()).toMatchObject({ pod: 'deadly' });
  });

  it.each<[string, (message: WireMessage) => WireMessage]>([
    ['bad-json', (message) => ({ ...message, payload: Buffer.from('{"engine":') })],
    ['bad-json', (message) => ({ ...message, payload: Buffer.from([0x22, 0xff, 0x22]) })],
    ['bad-data', (message) => ({ ...message, payload: Buffer.from('[]') })],
    ['bad-headers', (message) => ({ ...message, headers: [] })],
    ['bad-headers', (message) => without(message, 'ce-id')],
    ['bad-headers', (message) => withHeader(message, 'ce-time', 'yesterday')],
    ['bad-headers', (message) => withHeader(message, 'ce-source', '%ff')],
    ['type-mismatch', (message) => withHeader(message, 'ce-type', 'engine.ready')],
    ['unknown-version', (message) => withHeader(message, 'ce-dataversion', '2')],
    ['bad-subject', (message) => ({ ...message, subject: 'penstock.v1.engine.gone.ns.pool' })],
    ['bad-subject', (message) => ({ ...message, subject: 'penstock.v1.engine.gone.ns.pool.a.b' })],
    ['bad-subject', (message) => ({ ...message, subject: 'penstock.v1.engine.gone.ns.pool.=zz' })],
  ])('puts a foreign message aside: %s', async (reason, spoil) => {
    const server = await fixture.server();
    const bus = await fixture.readyBus(server.url);
    const seen: string[] = [];
    const add = (event: { key?: string }) => void seen.push(event.key ?? '');
    const unreadable: string[] = [];
    const onUnreadable = (type: string) => void unreadable.push(type);
    await bus.follow({ types: ['engine.gone'], from: 'new', onUnreadable }, add);
    await bus.consume({ durable: 'd', types: ['engine.gone'] }, add);
    const { connection, manager } = await operator(server.url);
    const context = { id: 'i', source: 's', epoch: 'e', nowMs: 0 };
    const message = spoil(encodeEvent(gone('spoiled'), context));
    const head = headers();
    for (const [name, value] of message.headers) head.append(name, value, Match.Exact);
    connection.publish(message.subject, message.payload, { headers: head });
    await connection.flush();
    bus.publish(gone('fine'));
    await until(() => seen.length >= 2 && bus.counters().deadLettered === 1);
    expect(seen).toEqual(['fine', 'fine']);
    const letter = await manager.streams.getMessage('PENSTOCK_DLQ', { seq: 1 });
    expect(decodeURIComponent(letter.header.get('penstock-dlq-reason'))).toMatch(new RegExp(`^${reason}: `));
    expect(Buffer.from(letter.data)).toEqual(Buffer.from(message.payload));
    expect(bus.counters().rejected).toBe(2);
    expect(unreadable).toEqual(parseEventSubject(message.subject) ? ['engine.gone'] : []);
  });

  it('keeps following when a handler throws', async () => {
    const server = await fixture.server();
    const bus = await fixture.readyBus(server.url);
    const seen: string[] = [];
    await bus.follow({ types: ['engine.gone'], from: 'new' }, async (event) => {
      seen.push(event.key ?? '');
      if (event.key === 'bad') throw new Error('no');
    });
    bus.publish(gone('bad'));
    bus.publish(gone('good'));
    await until(() => seen.length >= 2);
    expect(bus.counters()).toMatchObject({ handlerErrors: 1, handled: 1 });
  });
});

function without(message: WireMessage, name: string): WireMessage {
  return { ...message, headers: message.headers.filter(([header]) => header !== name) };
}

function withHeader(message: WireMessage, name: string, value: string): WireMessage {
  return { ...message, headers: [...without(message, name).headers, [name, value]] };
}
