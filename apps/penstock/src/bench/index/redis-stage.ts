import { setTimeout } from 'node:timers/promises';
import { RedisBlockStore } from '@penstock/store';
import { startRedis } from '@penstock/testing';
import { type IndexFigures, percentiles } from './figures.js';
import type { Fleet } from './fleet.js';
import type { IndexPlan } from './plan.js';
import { RedisWire } from './redis-wire.js';

const POOL = ['llm', 'pool'] as const;
/** Commands in one write while sets are loaded. */
const AT_ONCE = 2_000;
const CONNECT_TRIES = 200;
const TRY_AGAIN_MS = 50;

/** Redis alone: a set of engines per block, asked for all blocks of a prompt in one pipeline; and what our store needs there. */
export async function measureRedis(fleet: Fleet, plan: IndexPlan): Promise<IndexFigures[]> {
  const server = await startRedis();
  try {
    const wire = await RedisWire.open(server.port);
    try {
      const lookups = await lookUp(wire, fleet, plan.redisLookups);
      await wire.pipeline([['FLUSHALL']]);
      const { bytesPerPair, pairs } = await storeBytes(wire, server.url, fleet, plan.redisEngines);
      return [
        { what: 'Redis only, pipelined', engines: fleet.engines.length, ...percentiles(lookups) },
        { what: 'our store in Redis', engines: plan.redisEngines, pairs, bytesPerPair },
      ];
    } finally {
      wire.close();
    }
  } finally {
    await server.stop();
  }
}

/** Lookups over sets that hold the blocks of the prompts asked for: loading the whole fleet would change nothing but the time. */
async function lookUp(wire: RedisWire, fleet: Fleet, count: number): Promise<number[]> {
  const prompts = Array.from({ length: count + 1 }, (_, i) =>
    i % 2 === 0 ? fleet.conversation() : fleet.document(),
  );
  const wanted = new Set(prompts.flatMap((keys) => [...keys]));
  let commands: string[][] = [];
  for (const { id, keys } of fleet.engines) {
    for (const key of keys) if (wanted.has(key)) commands.push(['SADD', `b:${key}`, id]);
    if (commands.length < AT_ONCE) continue;
    await wire.pipeline(commands);
    commands = [];
  }
  await wire.pipeline(commands);
  const times: number[] = [];
  for (const [i, keys] of prompts.entries()) {
    const startMs = performance.now();
    const holders = await wire.pipeline(Array.from(keys, (key) => ['SMEMBERS', `b:${key}`]));
    longestPrefixes(holders as string[][]);
    if (i > 0) times.push(performance.now() - startMs);
  }
  return times;
}

function longestPrefixes(holders: readonly string[][]): Map<string, number> {
  const blocks = new Map<string, number>();
  for (const [i, ids] of holders.entries()) {
    let any = false;
    for (const id of ids) {
      if ((blocks.get(id) ?? 0) !== i) continue;
      blocks.set(id, i + 1);
      any = true;
    }
    if (!any) break;
  }
  return blocks;
}

/** Bytes per pair that Redis says our layout takes. */
async function storeBytes(wire: RedisWire, url: string, fleet: Fleet, engines: number) {
  const store = RedisBlockStore.connect({ urls: [url] });
  let pairs = 0;
  try {
    await connected(store);
    for (const { id, keys, checks } of fleet.engines.slice(0, engines)) {
      const blocks = [
        { tier: 'gpu' as const, engineHashes: fleet.newBlocks(keys.length).keys, keys, checks },
      ];
      const engine = { engineId: id, incarnation: 1, sequence: 1, engineSequence: 1, facts: {}, blocks };
      if (!(await store.replace(...POOL, engine))) throw new Error(`bench index: Redis refused ${id}`);
      pairs += keys.length;
    }
  } finally {
    await store.close();
  }
  const [names] = (await wire.pipeline([['KEYS', '*']])) as [string[]];
  const sizes = await wire.pipeline(names.map((name) => ['MEMORY', 'USAGE', name, 'SAMPLES', '0']));
  return { pairs, bytesPerPair: (sizes as number[]).reduce((sum, bytes) => sum + bytes, 0) / pairs };
}

/** The store connects in the background. */
async function connected(store: RedisBlockStore): Promise<void> {
  for (let left = CONNECT_TRIES; ; left--) {
    try {
      return await store.probe();
    } catch (error) {
      if (left === 0) throw error;
      await setTimeout(TRY_AGAIN_MS);
    }
  }
}
