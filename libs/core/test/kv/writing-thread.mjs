// Writes a shared index until it is told to stop: sets of blocks come and go, engines are fenced, columns grow.
import { parentPort, workerData } from 'node:worker_threads';
import { PrefixIndex } from '../../src/kv/prefix-index.ts';

const { sets, phases, stop } = workerData;
const index = new PrefixIndex({ shared: true, denseAbove: 4 });
parentPort.postMessage(index.handle());

let rounds = 0;
let engines = 0;
const enter = (set, phase) => Atomics.store(phases, set, 4 * Math.floor(rounds) + phase);

/** Other blocks of other engines, more and more, so that everything grows under the reader's eyes. */
function grow() {
  const id = `ns/other-${engines++ % 300}`;
  if (engines % 7 === 0) index.clear(id);
  index.store(
    id,
    'gpu',
    BigUint64Array.from({ length: 200 }, (_, i) => BigInt(1e9 + engines * 150 + i)),
  );
}

while (Atomics.load(stop, 0) === 0) {
  rounds++;
  const set = rounds % sets.length;
  const { engines: holders, keys } = sets[set];
  enter(set, 1);
  for (const id of holders) index.store(id, 'gpu', keys);
  enter(set, 2);
  grow();
  enter(set, 3);
  for (const [i, id] of holders.entries()) {
    if ((rounds + i) % 3 === 0) index.clear(id);
    else index.remove(id, 'gpu', keys);
  }
  enter(set, 0);
  grow();
}
parentPort.postMessage({ rounds, holders: index.holders });
