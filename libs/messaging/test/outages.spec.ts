import { afterEach, describe, expect, it } from '@jest/globals';
import { freePort, startNats, until } from '@penstock/testing';
import { BusFixture, gone } from './bus-fixture.js';

const fixture = new BusFixture();
afterEach(() => fixture.close());

describe('NatsEventBus when NATS fails', () => {
  it('starts before the server, buffers, and catches up', async () => {
    const port = await freePort();
    const bus = fixture.bus(`nats://127.0.0.1:${port}`);
    const seen: string[] = [];
    let gaps = 0;
    const options = { types: ['engine.gone'], from: 'all', onGap: () => gaps++ } as const;
    await bus.follow(options, (event) => void seen.push(event.key ?? ''));
    await bus.consume({ durable: 'early', types: ['engine.gone'] }, () => {});
    bus.publish(gone('a'));
    await until(() => /not reachable/.test(bus.status().problem ?? ''));
    expect(bus.status()).toMatchObject({ connected: false, bufferedEvents: 1, droppedEvents: 0 });
    expect(bus.status().problem).toContain(`127.0.0.1:${port}`);
    await expect(bus.lastByKey('engine.gone', 'a')).rejects.toThrow('not reachable');
    await expect(bus.flush(50)).rejects.toThrow('1 events were not stored within 50 ms');

    await fixture.server({ port });
    await bus.flush(10_000);
    await until(() => seen.length === 1);
    expect(bus.status()).toEqual({
      connected: true,
      bufferedEvents: 0,
      droppedEvents: 0,
      problem: undefined,
    });
    // The caller was told that it follows from later than it asked.
    expect(gaps).toBe(1);
  });

  it('notices at once, when asked, that the server hangs', async () => {
    const server = await fixture.server();
    const bus = await fixture.readyBus(server.url);
    await bus.probe();
    server.pause();
    const answers = () =>
      Promise.race([
        bus.probe().then(() => true),
        new Promise<boolean>((resolve) => setTimeout(resolve, 500, false)),
      ]);
    // The signal takes effect a moment after it was sent.
    await until(async () => !(await answers()));
    expect(bus.status().problem).toBeUndefined();
    server.resume();
    await bus.probe();
  });

  it('loses nothing that was published over kill -9, keeps the order, and drops repeated ids', async () => {
    const server = await fixture.server();
    const bus = await fixture.readyBus(server.url, { ackTimeoutMs: 500 });
    const seen: string[] = [];
    await bus.follow({ types: ['engine.gone'], from: 'all' }, (event) => void seen.push(event.key ?? ''));
    let published = 0;
    const publishing = setInterval(() => {
      for (let i = 0; i < 20; i++, published++) bus.publish(gone(`p${published}`, { id: `id-${published}` }));
    }, 5);
    for (let round = 0; round < 3; round++) {
      await new Promise((resolve) => setTimeout(resolve, 150));
      await server.kill();
      await until(() => !bus.status().connected);
      await new Promise((resolve) => setTimeout(resolve, 50));
      await server.restart();
      await until(() => bus.status().connected);
    }
    clearInterval(publishing);
    await bus.flush(15_000);
    await until(() => seen.length >= published);
    expect(published).toBeGreaterThan(500);
    expect(seen).toEqual(Array.from({ length: published }, (_, i) => `p${i}`));
    expect(bus.counters()).toMatchObject({ published, acked: published, dropped: 0, invalid: 0 });
    expect(bus.counters().reconnects).toBeGreaterThanOrEqual(3);
  });

  it('makes the streams again when their storage is lost, and says that there is a gap', async () => {
    const server = await fixture.server();
    const bus = await fixture.readyBus(server.url);
    const [followed, consumed, replayed]: string[][] = [[], [], []];
    let gaps = 0;
    const types = ['engine.gone', 'kv.delta'];
    const add = (list: string[] | undefined) => (event: { key?: string }) => void list?.push(event.key ?? '');
    await bus.follow({ types, from: 'new', onGap: () => gaps++ }, add(followed));
    await bus.follow({ types: ['engine.gone'], from: 'last-per-subject' }, add(replayed));
    await bus.consume({ durable: 'd', types: ['engine.gone'] }, add(consumed));
    for (const pod of ['a', 'b', 'c']) bus.publish(gone(pod));
    await until(() => followed?.length === 3 && consumed?.length === 3 && replayed?.length === 3);

    await server.restart({ wipe: true });
    bus.publish(gone('after'));
    await bus.flush(10_000);
    await until(() => [followed, consumed, replayed].every((list) => list?.at(-1) === 'after'));
    expect(followed).toEqual(['a', 'b', 'c', 'after']);
    expect(consumed).toEqual(['a', 'b', 'c', 'after']);
    // One for each stream of the follower: both were lost.
    expect(gaps).toBe(2);
    expect(bus.status().problem).toBeUndefined();
  });

  it('makes a stream again that was deleted while connected', async () => {
    const server = await fixture.server();
    const bus = await fixture.readyBus(server.url, { verifyIntervalMs: 100 });
    const seen: string[] = [];
    let gaps = 0;
    const options = { types: ['engine.gone'], from: 'new', onGap: () => gaps++ } as const;
    await bus.follow(options, (event) => void seen.push(event.key ?? ''));
    const { connect } = await import('nats');
    const operator = await connect({ servers: server.url });
    await (await operator.jetstreamManager()).streams.delete('PENSTOCK_ENGINE');
    await operator.close();
    bus.publish(gone('after'));
    await bus.flush(10_000);
    await until(() => seen.includes('after'));
    expect(gaps).toBe(1);
  });

  it('never blocks a publisher while the server hangs, and recovers', async () => {
    const server = await fixture.server();
    const bus = await fixture.readyBus(server.url, { ackTimeoutMs: 200 });
    fixture.atEnd(async () => server.resume());
    server.pause();
    const startedMs = performance.now();
    for (let i = 0; i < 2000; i++) bus.publish(gone(`p${i}`));
    expect(performance.now() - startedMs).toBeLessThan(1000);
    await until(() => bus.counters().failed > 0);
    expect(bus.status().bufferedEvents).toBe(2000);
    server.resume();
    await bus.flush(10_000);
    expect(bus.counters()).toMatchObject({ acked: 2000, dropped: 0 });
  });

  it('drops the oldest and counts when the buffer is full', async () => {
    const port = await freePort();
    const bus = fixture.bus(`nats://127.0.0.1:${port}`, { maxBufferedEvents: 10 });
    for (let i = 0; i < 25; i++) bus.publish(gone(`p${i}`));
    expect(bus.status()).toMatchObject({ bufferedEvents: 10, droppedEvents: 15 });
    const flushed = bus.flush(10_000);
    bus.publish(gone('p25'));
    await fixture.server({ port });
    await expect(flushed).rejects.toThrow('1 events were lost before they were stored');
    await bus.flush(10_000);
    const seen: string[] = [];
    await bus.follow({ types: ['engine.gone'], from: 'all' }, (event) => void seen.push(event.key ?? ''));
    await until(() => seen.length >= 10);
    expect(seen).toEqual(Array.from({ length: 10 }, (_, i) => `p${i + 16}`));
    expect(bus.counters()).toMatchObject({ published: 26, acked: 10, dropped: 16 });
  });

  it('bounds the buffer in bytes, and refuses what the server cannot take', async () => {
    const server = await fixture.server();
    const bus = await fixture.readyBus(server.url, { maxBufferedBytes: 4096 });
    bus.publish(gone('large', { data: { ...(gone('large').data as object), note: 'x'.repeat(5000) } }));
    expect(bus.counters()).toMatchObject({ dropped: 1, invalid: 0 });
    const roomy = await fixture.readyBus(server.url);
    expect(roomy.maxEventBytes).toBe(1024 * 1024);
    roomy.publish(
      gone('huge', { data: { ...(gone('huge').data as object), note: 'x'.repeat(1024 * 1024) } }),
    );
    roomy.publish(gone('next'));
    await roomy.flush();
    expect(roomy.counters()).toMatchObject({ dropped: 0, invalid: 1, acked: 1 });
  });

  it('says that JetStream is off, and works when it is on', async () => {
    const plain = await startNats({ jetstream: false });
    const bus = fixture.bus(plain.url);
    bus.publish(gone('a'));
    await until(() => /--jetstream/.test(bus.status().problem ?? ''));
    expect(bus.status().connected).toBe(true);
    await plain.stop();
    await fixture.server({ port: plain.port });
    await bus.flush(10_000);
    expect(bus.status().problem).toBeUndefined();
  });

  it('closes at once without a server, and counts what it could not send', async () => {
    const bus = fixture.bus(`nats://127.0.0.1:${await freePort()}`);
    const subscription = await bus.follow({ types: ['engine.gone'], from: 'new' }, () => {});
    bus.publish(gone('a'));
    await subscription.stop();
    const startedMs = performance.now();
    await bus.close();
    expect(performance.now() - startedMs).toBeLessThan(3000);
    bus.publish(gone('b'));
    expect(bus.counters().dropped).toBe(2);
  });
});
