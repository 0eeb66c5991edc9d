import { cpus } from 'node:os';
import { CallPerEngineLayout } from './call-per-engine-layout.js';
import { HashPerBlockLayout } from './hash-per-block-layout.js';
import { HashPerEngineLayout } from './hash-per-engine-layout.js';
import { type LayoutRun, measureLayout } from './measure-layout.js';
import { PackedLayout } from './packed-layout.js';
import { SlotsLayout } from './slots-layout.js';
import { SortedSetLayout } from './sorted-set-layout.js';

const many = Number(process.argv[2] ?? 1000);
const only = process.argv[3] ?? '';
const few = 25;
const NEVER = Number.MAX_SAFE_INTEGER;

const packed = (name: string, foldAboveBytes?: number): LayoutRun => ({
  name,
  engines: many,
  ticks: foldAboveBytes === undefined ? 150 : 50,
  isPaced: true,
  make: (url) => new PackedLayout(url, foldAboveBytes === undefined ? {} : { foldAboveBytes }),
});
/** Back to back, as none of these keeps up with the fleet. */
const other = (name: string, ticks: number, make: LayoutRun['make']): LayoutRun => ({
  name,
  engines: few,
  ticks,
  isPaced: false,
  make,
});
const runs: LayoutRun[] = [
  packed('packed, a call per shard (chosen)'),
  packed('  without folding', NEVER),
  {
    name: '  without folding, a call per engine',
    engines: many,
    ticks: 50,
    isPaced: true,
    make: (url) => new CallPerEngineLayout(url),
  },
  other('string of fixed slots per engine', 250, (url) => new SlotsLayout(url)),
  other('HASH per engine, a field per block', 250, (url) => new HashPerEngineLayout(url)),
  other('sorted set per engine', 250, (url) => new SortedSetLayout(url)),
  other('HASH per block, a field per engine', 60, (url) => new HashPerBlockLayout(url)),
];

const machine = `${cpus().length} x ${cpus()[0]?.model}`;
console.log(`${new Date().toISOString().slice(0, 10)}, ${machine}, Node ${process.version}\n`);
console.log(
  '| Layout | Bytes per block | Redis, cores at 10,000 deltas/s | Client, cores | Write of a tick | Load of 1,000 engines | Redis CPU | Client CPU |',
);
console.log('|---|---|---|---|---|---|---|---|');
for (const run of runs.filter(({ name }) => name.includes(only))) console.log(await measureLayout(run));
