import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Argument, Command, Option } from 'commander';
import { BENCHES } from '../bench/registry.js';
import { benchDocument, benchTables, brokenBars } from '../bench/report.js';
import type { BenchOptions } from '../bench/types.js';
import { EXIT } from '../output/exit-code.js';
import { type OutputFormat, outputOption } from '../output/output-option.js';
import { UsageError } from '../output/usage-error.js';
import { whole } from './arguments.js';

interface Flags {
  trace?: string;
  seed: number;
  tiny?: boolean;
  full?: boolean;
  json?: boolean;
  output: OutputFormat;
  check?: boolean;
  list?: boolean;
}

/** Name of the trace that the benches know, looked for in the folder `PENSTOCK_TRACES`. */
const TRACE_NAME = 'mooncake_conversation_trace.jsonl';

export function benchCommand(): Command {
  return new Command('bench')
    .description('run one benchmark and print its table')
    .addArgument(nameArgument())
    .option('--list', 'print the names of all benchmarks and exit')
    .option(
      '--trace <file>',
      `trace to use (default: ${TRACE_NAME} in the folder PENSTOCK_TRACES, else the own generator)`,
    )
    .addOption(new Option('--seed <n>', 'seed of everything random').default(1).argParser(whole('--seed', 0)))
    .addOption(new Option('--tiny', 'seconds: proves that it works').conflicts('full'))
    .option('--full', 'may take longer than a minute')
    .addOption(outputOption())
    .option('--json', 'the same as -o json')
    .option('--check', 'exit 1 when a bar does not hold (with --tiny: only bars that any machine must meet)')
    .action(async (name: string | undefined, flags: Flags) => {
      if (flags.list) {
        process.stdout.write(`${Object.keys(BENCHES).join('\n')}\n`);
        return;
      }
      const load = name === undefined ? undefined : BENCHES[name];
      if (!load)
        throw new UsageError(
          `there is no bench "${name ?? ''}"; there are: ${Object.keys(BENCHES).join(', ')}`,
        );
      const options: BenchOptions = {
        size: flags.tiny ? 'tiny' : flags.full ? 'full' : 'default',
        trace: findTrace(flags.trace),
        seed: flags.seed,
        progress: (message) => process.stderr.write(`${message}\n`),
      };
      const bench = await load();
      const result = await bench.run(options);
      process.stdout.write(
        `${flags.json || flags.output === 'json' ? JSON.stringify(benchDocument(result, options)) : benchTables(result, options)}\n`,
      );
      const broken = brokenBars(result, options);
      if (flags.check && broken.length > 0) {
        process.stderr.write(
          `bars that do not hold: ${broken.map((bar) => `${bar.name} = ${bar.value} (${bar.limit})`).join('; ')}\n`,
        );
        process.exitCode = EXIT.failed;
      }
    });
}

/** The names are known to shells and the help; a wrong one gets a sentence of our own. */
function nameArgument(): Argument {
  const argument = new Argument('[name]', 'benchmark to run');
  argument.argChoices = Object.keys(BENCHES);
  return argument;
}

function findTrace(given: string | undefined): string | undefined {
  if (given !== undefined) {
    if (!existsSync(given)) throw new UsageError(`--trace ${given}: there is no such file`);
    return given;
  }
  const folder = process.env['PENSTOCK_TRACES'];
  const path = folder ? join(folder, TRACE_NAME) : undefined;
  return path && existsSync(path) ? path : undefined;
}
