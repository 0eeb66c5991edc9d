import { Command, Option } from 'commander';
import { EXIT } from '../output/exit-code.js';
import { type OutputFormat, outputOption } from '../output/output-option.js';
import { terminalWidth } from '../output/terminal-width.js';
import { type AddressFlags, addressOptions, resolveAddresses } from './address-options.js';
import { whole } from './arguments.js';

interface Flags extends AddressFlags {
  output: OutputFormat;
  timeout: number;
  request: boolean;
}

/** How long an event may take: schedulers report every second. */
const EVENT_PATIENCE_MS = 3000;
/** Over what the answers of one check may take together. */
const CHECK_SLACK_MS = 10_000;

export function doctorCommand(): Command {
  const command = new Command('doctor')
    .description('check an installation part by part, and say how to mend what is not well')
    .addOption(outputOption())
    .addOption(
      new Option('--timeout <ms>', 'how long one answer may take')
        .default(3000)
        .argParser(whole('--timeout', 1, 600_000)),
    )
    .option('--no-request', 'send no request: otherwise the front door is asked for one token');
  return addressOptions(command).action(async (flags: Flags) => {
    const addresses = resolveAddresses(flags);
    const { checksOf } = await import('../doctor/checks-of.js');
    const { runChecks } = await import('../doctor/run-checks.js');
    const { printFindings } = await import('../doctor/print-findings.js');
    const { checks, close } = checksOf(addresses, {
      timeoutMs: flags.timeout,
      patienceMs: EVENT_PATIENCE_MS,
      mayRoute: flags.request,
    });
    const findings = await runChecks(checks, flags.timeout * 3 + CHECK_SLACK_MS).finally(close);
    const hasFailed = findings.some(({ status }) => status === 'fail');
    process.exitCode = !addresses ? EXIT.unreachable : hasFailed ? EXIT.failed : EXIT.ok;
    const document = { status: hasFailed ? 'fail' : 'ok', findings };
    process.stdout.write(
      flags.output === 'json'
        ? `${JSON.stringify(document)}\n`
        : `${printFindings(findings, terminalWidth())}\n`,
    );
  });
}
