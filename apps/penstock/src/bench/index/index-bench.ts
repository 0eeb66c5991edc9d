import { errorSentence } from '../../error-sentence.js';
import type { Bench, BenchOptions, BenchResult } from '../types.js';
import { measureArena } from './arena-stage.js';
import { indexBars } from './bars.js';
import type { IndexFigures } from './figures.js';
import { Fleet, PROMPT_BLOCKS } from './fleet.js';
import { measureIngest } from './ingest-stage.js';
import { measureMaps } from './map-stage.js';
import { PLANS } from './plan.js';
import { measureRedis } from './redis-stage.js';

/** Which engine holds which block: the arena against nested Maps and Redis. */
export const indexBench: Bench = {
  name: 'index',
  summary: 'The KV index of a fleet: load, deltas, lookups and memory, against nested Maps and Redis',
  run,
};

async function run({ size, seed, progress }: BenchOptions): Promise<BenchResult> {
  const plan = PLANS[size];
  progress(`index: bytes of ${plan.ingestOps} block operations`);
  const ingest = measureIngest(plan.ingestOps, seed);
  progress(`index: ${plan.engines} engines of ${plan.blocksPerEngine} blocks`);
  const fleet = new Fleet(plan, seed);
  const arena = measureArena(fleet, plan);
  progress(`index: nested Maps of ${plan.mapEngines} engines`);
  const maps = measureMaps(new Fleet({ ...plan, engines: plan.mapEngines }, seed), plan);
  progress('index: Redis');
  const { figures: redis, problem } = await redisFigures(() => measureRedis(fleet, plan));
  return {
    bench: 'index',
    params: { engines: plan.engines, blocksPerEngine: plan.blocksPerEngine, promptBlocks: PROMPT_BLOCKS },
    rows: [arena, ingest, maps, ...redis].map(row),
    bars: indexBars(arena, ingest, redis, plan),
    notes: [
      '80 % of the blocks are on one engine only; each prefix of 500 of the others is on 30 % of the engines.',
      'Lookups: half of them a shared prefix and an own end, half an own document; their times are wall time.',
      'Rates are per second of processor time, all threads together: per core.',
      'Redis only: a set of engines per block, all of a prompt in one pipeline, the prefixes counted here.',
      ...(problem ? [`Redis was not measured: ${problem}`] : []),
    ],
  };
}

/** Without a redis-server its rows and bars are not run, and the rest stands. */
async function redisFigures(
  measure: () => Promise<IndexFigures[]>,
): Promise<{ figures: IndexFigures[]; problem?: string }> {
  try {
    return { figures: await measure() };
  } catch (error) {
    return { figures: [], problem: errorSentence(error) };
  }
}

function row(figures: IndexFigures): BenchResult['rows'][number] {
  const round = (value: number | undefined) => (value === undefined ? null : Number(value.toPrecision(3)));
  return {
    index: figures.what,
    engines: figures.engines,
    pairs: figures.pairs ?? null,
    'load pairs/s': round(figures.loadPairsPerSecond),
    'delta ops/s': round(figures.deltaOpsPerSecond),
    'ingest ops/s': round(figures.ingestOpsPerSecond),
    'lookup p50 µs': round(figures.lookupP50Us),
    'lookup p99 µs': round(figures.lookupP99Us),
    'bytes/pair': round(figures.bytesPerPair),
  };
}
