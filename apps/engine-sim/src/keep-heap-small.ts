import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

// Many engines share one machine. While modules load, V8's young generation otherwise grows to 16 MB and more,
// and compiler threads leave as much behind; an idle process keeps both. Imported first, before anything
// allocates. Not for tests: it holds for the whole process.
setFlagsFromString('--semi-space-growth-factor=1');
setFlagsFromString('--no-concurrent-recompilation');

/** Call once everything is loaded: gives back what loading and parsing left over. */
export function releaseStartupMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  collect();
  setFlagsFromString('--concurrent-recompilation');
}
