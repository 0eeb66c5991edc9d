import { Command, Option } from 'commander';
import { type OutputFormat, outputOption } from '../output/output-option.js';
import { terminalWidth } from '../output/terminal-width.js';
import { UsageError } from '../output/usage-error.js';
import { type AddressFlags, addressOptions, resolveAddresses } from './address-options.js';
import { whole } from './arguments.js';
import { noInstallation } from './no-installation.js';

interface Flags extends AddressFlags {
  output: OutputFormat;
  timeout: number;
}

export function explainCommand(): Command {
  const command = new Command('explain')
    .description('say why a request went to the engine it went to, from the record of its decision')
    .argument('<request-id>', 'the x-request-id of the answer')
    .addOption(outputOption())
    .addOption(
      new Option('--timeout <ms>', 'how long to wait for a record, and for each answer')
        .default(2000)
        .argParser(whole('--timeout', 1, 600_000)),
    );
  return addressOptions(command).action(async (requestId: string, flags: Flags) => {
    const addresses = resolveAddresses(flags);
    if (!addresses) throw noInstallation();
    const schedulers = addresses.grpc.scheduler;
    if (!schedulers) throw new UsageError('explain asks schedulers: say where one is, --scheduler host:port');
    const { askSchedulers } = await import('../explain/ask-schedulers.js');
    const { explanationOf } = await import('../explain/explanation.js');
    const { printExplanation } = await import('../explain/print-explanation.js');
    const decision = await askSchedulers({
      schedulers,
      requestId,
      patienceMs: flags.timeout,
      deadlineMs: flags.timeout,
    });
    const explanation = explanationOf(decision);
    process.stdout.write(
      flags.output === 'json'
        ? `${JSON.stringify(explanation)}\n`
        : `${printExplanation(explanation, Date.now(), terminalWidth())}\n`,
    );
  });
}
