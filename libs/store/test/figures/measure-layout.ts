import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis } from '@penstock/testing';
import { Redis } from 'ioredis';
import type { Layout } from './layout.js';
import { Turnover } from './turnover.js';

const BLOCKS = 20_000;
/** Deltas per second of 1,000 engines that coalesce for 100 ms. */
const FLEET_DELTAS = 10_000;
/** Blocks of 1,000 engines. */
const FLEET_BLOCKS = 20_000_000;
const TICK_MS = 100;
const FILL_BLOCKS = 2_000;
/** Engines are given up to this many deltas first, so that their logs are not all of one length. */
const SPREAD_DELTAS = 64;

export interface LayoutRun {
  readonly name: string;
  readonly engines: number;
  /** Ticks in which each engine has a delta. */
  readonly ticks: number;
  /** Ten ticks a second as in life, or as many as the layout can take. */
  readonly isPaced: boolean;
  readonly make: (url: string) => Layout;
}

/** Fills engines of 20,000 blocks in a new Redis, turns their blocks over, reads them back; returns one line of figures. */
export async function measureLayout({ name, engines, ticks, isPaced, make }: LayoutRun): Promise<string> {
  const server = await startRedis();
  const operator = new Redis(server.url);
  const info = async (section: string, field: string) =>
    Number(new RegExp(`^${field}:(.*)$`, 'm').exec(await operator.info(section))?.[1]);
  const usedBytes = () => info('memory', 'used_memory');
  const clientCpu = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  };
  const cpu = async () => {
    const redis = (await info('cpu', 'used_cpu_user')) + (await info('cpu', 'used_cpu_sys'));
    return { redis, client: clientCpu(), ms: performance.now() };
  };
  const layout = make(server.url);
  await sleep(300);
  const emptyBytes = await usedBytes();
  const fleet = Array.from({ length: engines }, (_, i) => new Turnover(`ns/engine-${i}`, i, BLOCKS));
  const fills = fleet.map((engine) => engine.fill(FILL_BLOCKS));
  for (let size = 0; size < BLOCKS; size += FILL_BLOCKS)
    for (let from = 0; from < engines; from += 50)
      await layout.write(fills.slice(from, from + 50).map((fill) => fill.next().value));
  for (let n = 1; n < SPREAD_DELTAS; n++)
    await layout.write(fleet.filter((_, i) => i % SPREAD_DELTAS >= n).map((engine) => engine.next()));

  const before = await cpu();
  let largestBytes = 0;
  let writeMs = 0;
  /** Of making the deltas, which is not the store's. */
  let ownCpu = 0;
  for (let tick = 0; tick < ticks; tick++) {
    const cpuBefore = clientCpu();
    const deltas = fleet.map((engine) => engine.next());
    ownCpu += clientCpu() - cpuBefore;
    const startedMs = performance.now();
    await layout.write(deltas);
    writeMs += performance.now() - startedMs;
    if (tick % 5 === 4) largestBytes = Math.max(largestBytes, (await usedBytes()) - emptyBytes);
    if (isPaced) await sleep(Math.max(0, before.ms + (tick + 1) * TICK_MS - performance.now()));
  }
  const after = await cpu();
  const blocks = await layout.loadAll(fleet.map(({ engineId }) => engineId));
  const loaded = await cpu();
  await layout.close();
  operator.disconnect();
  await server.stop();
  if (blocks !== engines * BLOCKS)
    throw new Error(`${name}: ${blocks} of ${engines * BLOCKS} blocks came back`);

  const perFleet = FLEET_DELTAS / (engines * ticks);
  const perLoad = FLEET_BLOCKS / blocks;
  const figures = [
    `${name} (${engines} engines)`,
    `${(largestBytes / blocks).toFixed(1)}`,
    `${((after.redis - before.redis) * perFleet).toFixed(2)}`,
    `${((after.client - before.client - ownCpu) * perFleet).toFixed(2)}`,
    `${(writeMs / ticks).toFixed(0)} ms`,
    `${(((loaded.ms - after.ms) / 1000) * perLoad).toFixed(1)} s`,
    `${((loaded.redis - after.redis) * perLoad).toFixed(1)} s`,
    `${((loaded.client - after.client) * perLoad).toFixed(1)} s`,
  ];
  return `| ${figures.join(' | ')} |`;
}
