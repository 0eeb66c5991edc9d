import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

// Many engines share one machine. While modules load, V8's young generation otherwise grows to 16 MB and more,
// and compiler threads leave as much behind; an idle process keeps both. Imported first, before anything
// allocates. Not for tests: it holds for the whole process.
setFlagsFromString('--semi-space-growth-factor=1');
setFlagsFromString('--no-concurrent-recompilation');

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

/** Longest time between the end of work and the release of its memory, twice this. */
const CHECK_MS = 5_000;

/** Gives back what is no longer used; 20 ms after the start, up to 100 ms after heavy load. */
export function releaseMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as Collect;
  setFlagsFromString('--no-expose-gc');
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  setFlagsFromString('--concurrent-recompilation');
  // Under load a young generation of 1 MB costs more collections than work.
  setFlagsFromString('--semi-space-growth-factor=2');
}

/** Releases memory whenever there was work and then none for a while. */
export function releaseMemoryWhenIdle(engine: { submitted(): number; active(): number }): void {
  let releasedAt = 0;
  let seen = 0;
  setInterval(() => {
    const submitted = engine.submitted();
    if (submitted === seen && submitted !== releasedAt && engine.active() === 0) {
      releasedAt = submitted;
      releaseMemory();
    }
    seen = submitted;
  }, CHECK_MS).unref();
}
