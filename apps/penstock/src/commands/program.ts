import { Command } from 'commander';
import { penstockVersion } from '../output/penstock-version.js';
import { benchCommand } from './bench.js';
import { completionCommand } from './completion.js';
import { doctorCommand } from './doctor.js';
import { explainCommand } from './explain.js';
import { replayCommand } from './replay.js';
import { topCommand } from './top.js';
import { upCommand } from './up.js';

const EXIT_CODES = `
Exit codes: 0 done, 1 a failure was found, 2 wrong usage, 3 what is needed could not be reached.`;

/** The whole command line. Wrong usage is thrown as commander's error instead of ending the process. */
export function createProgram(): Command {
  const program = new Command('penstock')
    .description(
      'Penstock on the command line: start the suite, look into it, replay a trace, run the benchmarks',
    )
    .version(penstockVersion(), '-V, --version', 'print the version')
    .addHelpText('after', EXIT_CODES)
    .addCommand(upCommand(), { isDefault: true })
    .addCommand(explainCommand())
    .addCommand(doctorCommand())
    .addCommand(topCommand())
    .addCommand(replayCommand())
    .addCommand(benchCommand());
  program.addCommand(completionCommand(program));
  for (const command of program.commands) {
    command.exitOverride().showHelpAfterError(`(penstock ${command.name()} --help lists what it takes)`);
  }
  program.exitOverride();
  return program;
}
