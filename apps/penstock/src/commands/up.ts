import { Command, Option } from 'commander';
import { DEFAULT_SUITE, type SuiteOptions } from '../suite/suite-options.js';
import { positive, whole } from './arguments.js';
import { unknownCommand } from './unknown-command.js';

/** Options of everything that may start the suite. */
export function suiteOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--engines <n>', 'simulated engines')
        .default(DEFAULT_SUITE.engines)
        .argParser(whole('--engines', 1, 64)),
    )
    .option('--model <name>', 'model the engines serve', DEFAULT_SUITE.model)
    .option('--gpu <name>', 'GPU the engines are timed as: a100, h100, h200 or b200', DEFAULT_SUITE.gpu)
    .addOption(
      new Option('--speed <x>', 'virtual time ÷ wall time: 10 runs the engines ten times as fast')
        .default(DEFAULT_SUITE.speed)
        .argParser(positive('--speed', 1000)),
    );
}

export function upCommand(): Command {
  return suiteOptions(new Command('up'))
    .description('start the whole suite on this machine, route one completion and stay up')
    .option('--once', 'stop after the self-check: exit code 0 when it passed')
    .allowExcessArguments()
    .action(async (flags: SuiteOptions & { once?: boolean }, command: Command) => {
      // The default command gets every word that is no command's name.
      if (command.args.length > 0) throw unknownCommand(command);
      const { runUp } = await import('./run-up.js');
      await runUp(flags);
    });
}
