import type { Command } from 'commander';
import { UsageError } from '../output/usage-error.js';
import { startSuite } from '../suite/start-suite.js';
import { type SuiteRecord, SuiteState } from '../suite/state.js';
import { DEFAULT_SUITE, type SuiteOptions } from '../suite/suite-options.js';
import { homeDirectory } from '../suite/workspace.js';
import { checkSuiteOptions } from './check-suite-options.js';

/**
 * The running suite, or one of our own for the time of the command. Throws when a flag asks for another one than runs.
 */
export async function findOrStart(
  flags: SuiteOptions,
  command: Command,
  stopSignal: AbortSignal,
): Promise<{ record: SuiteRecord; stop: () => Promise<void> }> {
  const home = homeDirectory();
  const running = new SuiteState(home).running();
  if (running) {
    for (const key of ['engines', 'model', 'gpu', 'speed'] as const) {
      if (command.getOptionValueSource(key) === 'cli' && flags[key] !== running[key]) {
        throw new UsageError(
          `the running suite has --${key} ${running[key]}; leave --${key} out, or stop the suite to replay with ${flags[key]}`,
        );
      }
    }
    return { record: running, stop: async () => undefined };
  }
  checkSuiteOptions({ ...DEFAULT_SUITE, ...flags });
  process.stderr.write('no suite runs: starting one for this replay\n');
  const say = (message: string) => process.stderr.write(`${message}\n`);
  const suite = await startSuite(home, { ...DEFAULT_SUITE, ...flags }, say, stopSignal);
  return { record: suite.record, stop: () => suite.stop() };
}
