import { CommanderError } from 'commander';
import { createProgram } from './commands/program.js';
import { errorSentence } from './error-sentence.js';
import { exitCodeOf } from './output/exit-code-of.js';
import { surviveBrokenPipe } from './output/survive-broken-pipe.js';

surviveBrokenPipe();
try {
  await createProgram().parseAsync();
} catch (error) {
  // Commander has said what is wrong by itself.
  if (!(error instanceof CommanderError)) process.stderr.write(`penstock: ${errorSentence(error)}\n`);
  process.exitCode = exitCodeOf(error);
}
// Connections to what hangs would keep the process alive; whatever had to be stopped was stopped by its command.
process.stdout.write('', () => process.exit());
