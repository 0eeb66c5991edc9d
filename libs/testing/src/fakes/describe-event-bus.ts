import type { EventBus, IncomingEvent, OutgoingEvent } from '@penstock/core/ports';
import type { JestApi } from './jest-api.js';
import { until } from './until.js';

/** One broker and the buses on it. */
export interface EventBusHarness {
  /** A connected bus; the harness closes it. */
  connect(source: string): Promise<EventBus>;
  /** Reasons of the dead letters stored so far. */
  deadLetterReasons(): Promise<string[]>;
  close(): Promise<void>;
}

interface Completed {
  requestId: string;
  [field: string]: unknown;
}

const demand = (model: string): OutgoingEvent => ({
  type: 'demand.reported',
  namespace: 'ns',
  pool: 'pool',
  data: {
    model,
    class: 'standard',
    role: 'both',
    intervalMs: 1000,
    requests: 1,
    promptTokens: 2,
    uncachedTokens: 3,
    outputTokens: 4,
    inFlight: 5,
    scheduler: 's/0',
  },
});

const gone = (pod: string, over: Partial<OutgoingEvent> = {}): OutgoingEvent => ({
  type: 'engine.gone',
  namespace: 'ns',
  pool: 'pool',
  key: `ns/${pod}`,
  data: { engine: `ns/${pod}`, pod, address: '127.0.0.1:8000', reason: 'deleted' },
  ...over,
});

const rejected = (requestId: string, over: Partial<OutgoingEvent> = {}): OutgoingEvent<Completed> => ({
  type: 'routing.rejected',
  namespace: 'ns',
  pool: 'pool',
  key: requestId,
  ...over,
  data: {
    requestId,
    model: 'm',
    status: 503,
    reason: 'no-endpoint',
    excluded: {},
    scheduler: 's/0',
    added: { later: 1 },
  },
});

/** What every `EventBus` promises; run against each implementation. */
export function describeEventBus(jest: JestApi, name: string, make: () => Promise<EventBusHarness>): void {
  const { describe, it, expect, beforeAll, afterAll } = jest;
  describe(`${name} as an EventBus`, () => {
    let harness: EventBusHarness;
    let bus: EventBus;
    let other: EventBus;
    beforeAll(async () => {
      harness = await make();
      bus = await harness.connect('suite/0');
      other = await harness.connect('suite/1');
    });
    afterAll(() => harness?.close());
    const collect = () => {
      const events: IncomingEvent[] = [];
      return { events, handler: (event: IncomingEvent) => void events.push(event) };
    };
    const keys = (events: readonly IncomingEvent[]) => events.map((event) => event.key);

    it('carries every field, also with ugly names', async () => {
      const { events, handler } = collect();
      const followed = { types: ['routing.rejected'], from: 'new', namespace: 'a.b *>' } as const;
      const subscription = await other.follow(followed, handler);
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      const place = { namespace: 'a.b *>', pool: 'größe=$\u0000\r\n', key: 'x/y .>"%' };
      bus.publish(rejected('ugly', { ...place, traceparent, id: 'id "ü"' }));
      await bus.flush();
      await until(() => events.length > 0);
      await subscription.stop();
      const [event] = events;
      expect(event).toMatchObject({
        ...place,
        type: 'routing.rejected',
        version: 1,
        id: 'id "ü"',
        traceparent,
      });
      expect(event).toMatchObject({
        source: 'suite/0',
        deliveries: 1,
        data: { requestId: 'ugly', added: { later: 1 } },
      });
      expect(event?.epoch).toBeTruthy();
      expect(Math.abs((event?.timeMs ?? 0) - Date.now())).toBeLessThan(60_000);
    });

    it('follows from now on, from the start, and from the last event of every subject', async () => {
      const place = { namespace: 'follow', pool: 'p' };
      for (const pod of ['a', 'b', 'a']) bus.publish(gone(pod, place));
      await bus.flush();
      const starts = ['new', 'all', 'last-per-subject'] as const;
      const seen = starts.map(() => collect());
      const subscriptions = await Promise.all(
        starts.map((from, i) => other.follow({ types: ['engine.gone'], from, ...place }, seen[i]!.handler)),
      );
      bus.publish(gone('c', place));
      await until(() => seen.every(({ events }) => events.at(-1)?.key === 'ns/c'));
      for (const subscription of subscriptions) await subscription.stop();
      expect(keys(seen[0]!.events)).toEqual(['ns/c']);
      expect(keys(seen[1]!.events)).toEqual(['ns/a', 'ns/b', 'ns/a', 'ns/c']);
      expect(keys(seen[2]!.events)).toEqual(['ns/b', 'ns/a', 'ns/c']);
    });

    it('keeps the order over the types of one follower and leaves out what was not asked for', async () => {
      const place = { namespace: 'order', pool: 'p' };
      const { events, handler } = collect();
      const types = ['engine.gone', 'engine.draining'];
      const subscription = await other.follow({ types, from: 'new', ...place }, handler);
      for (let i = 0; i < 30; i++) {
        bus.publish(gone(`g${i}`, place));
        const data = { engine: 'ns/d', pod: 'd', address: '', deadlineMs: 1, reason: 'r' };
        bus.publish({ type: 'engine.draining', ...place, key: `d${i}`, data });
        bus.publish({ type: 'engine.registered', ...place, key: 'x', data: {} });
        bus.publish(gone('elsewhere', { namespace: 'order', pool: 'p2' }));
      }
      await until(() => events.length >= 60);
      await subscription.stop();
      const expected = Array.from({ length: 30 }, (_, i) => [`ns/g${i}`, `d${i}`]).flat();
      expect(keys(events)).toEqual(expected);
    });

    it('follows types that share no domain, in order', async () => {
      const place = { namespace: 'domains', pool: 'p' };
      const { events, handler } = collect();
      const types = ['placement.evicted', 'scaling.decided'];
      const subscription = await other.follow({ types, from: 'new', ...place }, handler);
      const target = { kind: 'Deployment', namespace: 'ns', name: 'n' };
      const scaling = { target, model: 'm', role: 'both', from: 1, to: 2, reason: 'r' };
      bus.publish({ type: 'scaling.decided', ...place, data: scaling });
      bus.publish({ type: 'placement.evicted', ...place, data: { gang: target, pods: [], reason: 'r' } });
      bus.publish({ type: 'scaling.decided', ...place, pool: 'other', data: scaling });
      bus.publish({ type: 'placement.bound', ...place, data: { gang: target, pods: [], waitedMs: 1 } });
      bus.publish({ type: 'scaling.decided', ...place, data: scaling });
      await until(() => events.length >= 3);
      await subscription.stop();
      expect(events.map((event) => event.type)).toEqual([
        'scaling.decided',
        'placement.evicted',
        'scaling.decided',
      ]);
    });

    it('passes over events whose key is not wanted', async () => {
      const place = { namespace: 'wanted', pool: 'p' };
      bus.publish(gone('a', place));
      await bus.flush();
      const { events, handler } = collect();
      const wantsKey = (key: string | undefined, type: string) => type !== 'engine.gone' || key !== 'ns/a';
      const options = { types: ['engine.gone'], from: 'last-per-subject', wantsKey, ...place } as const;
      const subscription = await other.follow(options, handler);
      for (const pod of ['b', 'a', 'c']) bus.publish(gone(pod, place));
      await until(() => events.at(-1)?.key === 'ns/c');
      await subscription.stop();
      expect(keys(events)).toEqual(['ns/b', 'ns/c']);
    });

    it('follows events without a key', async () => {
      const { events, handler } = collect();
      const types = ['demand.reported'];
      const subscription = await other.follow({ types, from: 'new', namespace: 'ns', pool: 'pool' }, handler);
      bus.publish(demand('llama'));
      await until(() => events.length > 0);
      await subscription.stop();
      expect(events[0]).toMatchObject({ key: undefined, data: { model: 'llama' } });
    });

    it('shares the work of a durable consumer, and remembers it over a stop', async () => {
      const place = { namespace: 'durable', pool: 'p' };
      const options = { durable: 'work', types: ['engine.gone'], ...place };
      const [first, second] = [collect(), collect()];
      const subscriptions = [
        await bus.consume(options, first.handler),
        await other.consume(options, second.handler),
      ];
      for (let i = 0; i < 40; i++) bus.publish(gone(`e${i}`, place));
      await until(() => first.events.length + second.events.length >= 40);
      for (const subscription of subscriptions) await subscription.stop();
      bus.publish(gone('while-stopped', place));
      await bus.flush();
      const third = collect();
      const again = await other.consume(options, third.handler);
      await until(() => third.events.length > 0);
      await again.stop();
      const all = keys([...first.events, ...second.events, ...third.events]);
      expect(new Set(all).size).toBe(41);
      expect(all).toHaveLength(41);
      expect(keys(third.events)).toEqual(['ns/while-stopped']);
    });

    it('retries a handler that throws, then dead-letters the event, while others flow', async () => {
      const place = { namespace: 'poison', pool: 'p' };
      const { events, handler } = collect();
      const options = { durable: 'poison', types: ['engine.gone'], maxDeliveries: 3, ...place };
      const subscription = await other.consume(options, (event) => {
        handler(event);
        if (event.key === 'ns/bad') throw new Error('cannot take this one');
      });
      bus.publish(gone('bad', place));
      bus.publish(gone('good', place));
      const buried = async () =>
        (await harness.deadLetterReasons()).filter((reason) => reason.includes('cannot take'));
      await until(async () => (await buried()).length > 0);
      await subscription.stop();
      const bad = events.filter((event) => event.key === 'ns/bad');
      expect(bad.map((event) => event.deliveries)).toEqual([1, 2, 3]);
      expect(events.filter((event) => event.key === 'ns/good')).toHaveLength(1);
      expect(await buried()).toEqual(['handler-failed: cannot take this one']);
    });

    it('stores two events with one id once', async () => {
      const { events, handler } = collect();
      const place = { namespace: 'dedup', pool: 'p' };
      const subscription = await other.follow({ types: ['engine.gone'], from: 'new', ...place }, handler);
      for (const pod of ['a', 'a', 'b']) bus.publish(gone(pod, { ...place, id: `gone-${pod}` }));
      await until(() => events.some((event) => event.key === 'ns/b'));
      await subscription.stop();
      expect(keys(events)).toEqual(['ns/a', 'ns/b']);
    });

    it('finds the newest event with a key', async () => {
      bus.publish(rejected('r.1', { pool: 'one' }));
      bus.publish(rejected('r.1', { pool: 'two' }));
      bus.publish(rejected('r.2', { pool: 'three' }));
      await bus.flush();
      expect(await other.lastByKey('routing.rejected', 'r.1')).toMatchObject({ pool: 'two', key: 'r.1' });
      expect(await other.lastByKey('routing.rejected', 'absent')).toBeUndefined();
      expect(await other.lastByKey('routing.decided', 'r.1')).toBeUndefined();
      await expect(other.lastByKey('no.such', 'r.1')).rejects.toThrow(
        '"no.such" is not in the contracts table',
      );
    });

    it('never throws on an event that breaks its contract', async () => {
      bus.publish({ type: 'no.such', namespace: 'ns', pool: 'p', data: {} });
      bus.publish(gone('x', { key: undefined }));
      bus.publish({ type: 'demand.reported', namespace: 'ns', pool: 'p', key: 'not wanted', data: {} });
      bus.publish(rejected('y'.repeat(5000)));
      bus.publish({ ...gone('x'), data: undefined });
      bus.publish({ ...gone('x'), data: { big: 1n } });
      await bus.flush();
      expect(bus.status()).toMatchObject({ connected: true, bufferedEvents: 0, droppedEvents: 0 });
    });

    it('keeps data that breaks its schema from handlers, with the reason', async () => {
      const place = { namespace: 'schema', pool: 'p' };
      const [followed, consumed] = [collect(), collect()];
      const types = ['engine.gone'];
      const subscriptions = [
        await other.follow({ types, from: 'new', ...place }, followed.handler),
        await other.consume({ durable: 'schema', types, ...place }, consumed.handler),
      ];
      bus.publish({ ...gone('x', place), data: { engine: 7 } });
      bus.publish(gone('fine', place));
      await until(() => followed.events.length > 0 && consumed.events.length > 0);
      const buried = async () =>
        (await harness.deadLetterReasons()).filter((reason) => reason.startsWith('bad-data'));
      await until(async () => (await buried()).length > 0);
      for (const subscription of subscriptions) await subscription.stop();
      expect([...keys(followed.events), ...keys(consumed.events)]).toEqual(['ns/fine', 'ns/fine']);
      expect((await buried())[0]).toContain('engine: invalid_type');
    });

    it('delivers nothing after stop', async () => {
      const place = { namespace: 'stop', pool: 'p' };
      const { events, handler } = collect();
      const subscription = await other.follow({ types: ['engine.gone'], from: 'new', ...place }, handler);
      await subscription.stop();
      bus.publish(gone('late', place));
      await bus.flush();
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(events).toEqual([]);
    });
  });
}
