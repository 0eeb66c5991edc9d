import { afterAll, afterEach, beforeEach, describe, it } from '@jest/globals';
import { until } from '@penstock/testing';
import { Redis } from 'ioredis';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { IndexLab } from '../index-lab.js';
import { RealEngine } from '../real-engine.js';
import { FaultyWire, WIRE_FAULTS } from './faulty-wire.js';

const ENGINES = ['a', 'b', 'c'];
/** `PENSTOCK_OUTAGE_SECONDS=60` for outages of a minute. */
const OUTAGE_MS = 1000 * Number(process.env['PENSTOCK_OUTAGE_SECONDS'] ?? 5);

/** A failing run can be repeated. */
function seeded(seed: number): () => number {
  const source = xoroshiro128plus(seed);
  return () => uniformFloat64(source);
}

describe('the index after faults, on real sockets and servers', () => {
  const converged: string[] = [];
  let lab: IndexLab;
  let wires: Map<string, FaultyWire>;
  let random: () => number;

  beforeEach(async () => {
    lab = new IndexLab();
    wires = new Map();
    random = seeded(1);
    await lab.start(['--snapshot-interval-ms=200', '--silence-check-ms=500']);
    for (const [i, name] of ENGINES.entries()) {
      const layout = i % 2 === 0 ? 'map' : 'array';
      const engine = await RealEngine.start({ layout, hashes: i === 1 ? 'int' : 'bytes' });
      const wire = await FaultyWire.between(`tcp://127.0.0.1:${engine.eventsPort}`, random);
      wires.set(name, wire);
      await lab.declareEngine(name, engine, { eventsPort: wire.port });
    }
    traffic(50);
    for (const name of ENGINES) await lab.isLive(name);
    await lab.startReader();
    await agrees();
  }, 60_000);
  afterEach(async () => {
    await lab.stop();
    for (const wire of wires.values()) wire.close();
  }, 30_000);
  afterAll(() => {
    process.stdout.write(`from the end of a fault until nothing diverges:\n${converged.join('\n')}\n`);
  });

  /** Prompts that share prefixes come and go. */
  function traffic(steps: number, names: readonly string[] = ENGINES): void {
    for (let step = 0; step < steps; step++) {
      const engine = lab.engines.get(names[Math.floor(random() * names.length)] as string) as RealEngine;
      const letters = Array.from({ length: 1 + Math.floor(random() * 6) }, () => Math.floor(random() * 4));
      if (random() < 0.6 || engine.held.size === 0) engine.store(letters.map((i) => 'abcd'[i]).join(''));
      else engine.evict(leafOf(engine));
    }
  }

  /** As engines do: the end of a prompt goes before its beginning. */
  function leafOf({ held }: RealEngine): string {
    const all = [...held];
    const leaves = all.filter((prompt) => !all.some((other) => other !== prompt && other.startsWith(prompt)));
    return leaves[Math.floor(random() * leaves.length)] as string;
  }

  /** The index, a subscriber of its events and Redis: all as the engines are. */
  async function agrees(): Promise<void> {
    await until(() => lab.divergence() === 0 && lab.readerDivergence() === 0, 30_000);
    await until(async () => (await lab.storeDivergence()) === 0, 30_000);
  }

  async function convergesAfter(fault: string): Promise<void> {
    const startMs = performance.now();
    await agrees();
    converged.push(`  ${fault.padEnd(40)} ${(performance.now() - startMs).toFixed(0).padStart(6)} ms`);
    // And it stays so.
    traffic(20);
    await agrees();
  }

  const breathe = (ms = 5) => new Promise((resolve) => setTimeout(resolve, ms));

  it.each(Object.keys(WIRE_FAULTS))(
    'messages %s',
    async (name) => {
      for (const wire of wires.values()) wire.use(WIRE_FAULTS[name]?.());
      for (let round = 0; round < 40; round++) {
        traffic(5);
        await breathe();
      }
      await until(() => [...wires.values()].every((wire) => wire.faults > 5));
      for (const wire of wires.values()) wire.use(undefined);
      await convergesAfter(`messages ${name}`);
    },
    120_000,
  );

  it('an engine that restarts behind an unbroken connection', async () => {
    const engine = lab.engines.get('a') as RealEngine;
    await engine.restart();
    traffic(50);
    await convergesAfter('engine restart, with replay');
  }, 120_000);

  it('an engine without replay that restarts', async () => {
    const engine = await RealEngine.start({ layout: 'map', hashes: 'bytes' });
    const wire = await FaultyWire.between(`tcp://127.0.0.1:${engine.eventsPort}`, random);
    wires.set('d', wire);
    await lab.declareEngine('d', engine, { eventsPort: wire.port, replayPort: engine.httpPort });
    await lab.isLive('d');
    traffic(30, ['d']);
    await agrees();
    await engine.restart();
    // What it says to nobody cannot be had again.
    await breathe(2_000);
    traffic(30, ['d']);
    await convergesAfter('engine restart, without replay');
  }, 120_000);

  it('a storm of events, ten times what was there before', async () => {
    for (let round = 0; round < 100; round++) {
      traffic(50);
      if (round % 10 === 0) await breathe(0);
    }
    await convergesAfter('event storm');
  }, 120_000);

  it(
    'Redis killed, and back with nothing',
    async () => {
      await lab.redis.kill();
      traffic(50);
      await breathe(OUTAGE_MS);
      await lab.redis.restart({ wipe: true });
      traffic(50);
      await convergesAfter('Redis killed and emptied');
    },
    60_000 + OUTAGE_MS,
  );

  it('Redis flushed while events come', async () => {
    traffic(20);
    const operator = new Redis(lab.redis.url);
    await operator.flushall();
    await operator.quit();
    traffic(50);
    await convergesAfter('Redis flushed');
  }, 60_000);

  it(
    'NATS gone, with all that it kept',
    async () => {
      await lab.nats.kill();
      for (let i = 0; i < 10; i++) {
        traffic(20);
        await breathe(OUTAGE_MS / 10);
      }
      // Lookups know the engines all the same.
      await until(() => lab.divergence() === 0, 30_000);
      await lab.nats.restart({ wipe: true });
      traffic(20);
      await convergesAfter(`NATS gone for ${OUTAGE_MS / 1000} s and emptied`);
    },
    90_000 + OUTAGE_MS,
  );
});
