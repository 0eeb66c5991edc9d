import { Command, Option } from 'commander';
import { UsageError } from '../output/usage-error.js';
import { chooseProfile } from '../suite/choose-profile.js';
import { describeSuite } from '../suite/describe-suite.js';
import { explainRequest } from '../suite/explain-request.js';
import { QUESTION, routeOneCompletion } from '../suite/self-check.js';
import { type Suite, startSuite } from '../suite/start-suite.js';
import { runStatusLine } from '../suite/status-line.js';
import { DEFAULT_SUITE, type SuiteOptions } from '../suite/suite-options.js';
import { homeDirectory } from '../suite/workspace.js';
import { addressVariables } from './address-options.js';
import { positive, whole } from './arguments.js';
import { onStopSignal } from './stop-signal.js';
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

/** Refuses what no suite can be started with, and takes away variables that are for this program only. */
export function checkSuiteOptions({ gpu, model }: SuiteOptions): void {
  try {
    chooseProfile(gpu, model);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  for (const variable of addressVariables()) delete process.env[variable];
}

export function upCommand(): Command {
  return suiteOptions(new Command('up'))
    .description('start the whole suite on this machine, route one completion and stay up')
    .option('--once', 'stop after the self-check: exit code 0 when it passed')
    .allowExcessArguments()
    .action(async (flags: SuiteOptions & { once?: boolean }, command: Command) => {
      // The default command gets every word that is no command's name.
      if (command.args.length > 0) throw unknownCommand(command);
      checkSuiteOptions(flags);
      const stopSignal = onStopSignal();
      const suite = await startSuite(homeDirectory(), flags, say, stopSignal);
      try {
        await selfCheck(suite);
        if (flags.once) return;
        process.stdout.write(`${describeSuite(suite)}\n\n`);
        suite.supervisor.on('exited', (name, how) => say(`${name} ended (${how}); starting it again`));
        await runStatusLine(suite.record, stopSignal);
      } finally {
        process.stdout.write('\nstopping …\n');
        await suite.stop();
      }
    });
}

async function selfCheck(suite: Suite): Promise<void> {
  const check = await routeOneCompletion(suite.record.urls.frontDoor, suite.record.model);
  const why = await explainRequest(suite.record, check.requestId).catch(
    (error: Error) => `not known: ${error.message}`,
  );
  process.stdout.write(
    `\n${suite.record.model} was asked: ${QUESTION}\n  answer   ${check.answer.trim()} (simulated text)\n` +
      `  engine   ${check.endpoint}\n  why      ${why}\n  took     ${check.wallMs.toFixed(0)} ms\n`,
  );
}

const say = (message: string) => process.stdout.write(`${message}\n`);
