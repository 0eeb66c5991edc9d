#!/usr/bin/env node
import { releaseMemory, releaseMemoryWhenIdle } from './keep-heap-small.js';
import { parseOptions } from './options/parse-options.js';
import { startEngineSim } from './start-engine-sim.js';

/** Wall ms that running requests get to finish after SIGTERM. */
const DRAIN_MS = 2_000;

const log = (level: string, message: string): void => {
  process.stderr.write(
    `${JSON.stringify({ time: new Date().toISOString(), level, service: 'engine-sim', message })}\n`,
  );
};

// Whoever reads the output may go before the engine does; that must not end it.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const parsed = parseOptions(process.argv.slice(2), process.env);
if ('help' in parsed) {
  process.stdout.write(parsed.help);
} else if ('errors' in parsed) {
  for (const error of parsed.errors) process.stderr.write(`engine-sim: ${error}\n`);
  process.exitCode = 1;
} else {
  const { options } = parsed;
  try {
    const sim = await startEngineSim(options, {
      crash: () => process.kill(process.pid, 'SIGKILL'),
      logError: (error, path, id) =>
        log('error', `${path} ${id}: ${error instanceof Error ? error.stack : String(error)}`),
    });
    for (const warning of [...parsed.warnings, ...sim.warnings]) log('warn', warning);
    const { url, kvEvents, kvReplay } = sim;
    process.stdout.write(`${JSON.stringify({ ready: true, url, kvEvents, kvReplay })}\n`);
    // Once everything is loaded and the first probes are answered.
    setTimeout(releaseMemory, 300);
    releaseMemoryWhenIdle(sim);
    if (options.failures.crash) process.kill(process.pid, 'SIGKILL');
    let stopping = false;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (stopping) return;
        stopping = true;
        void sim.stop(DRAIN_MS).then(() => process.exit(0));
      });
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const hint =
      code === 'EADDRINUSE' ? ': choose another --port or --host' : (code && ': check --host') || '';
    process.stderr.write(`engine-sim: ${message}${hint}\n`);
    process.exitCode = 1;
  }
}
