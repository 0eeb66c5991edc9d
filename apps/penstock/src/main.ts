import { Command } from 'commander';
import { benchCommand } from './commands/bench.js';
import { replayCommand } from './commands/replay.js';
import { upCommand } from './commands/up.js';
import { errorSentence } from './error-sentence.js';

const program = new Command('penstock')
  .description('Penstock on the command line: start the suite, replay a trace through it, run the benchmarks')
  .addCommand(upCommand(), { isDefault: true })
  .addCommand(replayCommand())
  .addCommand(benchCommand());

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`penstock: ${errorSentence(error)}\n`);
  process.exitCode = 1;
}
