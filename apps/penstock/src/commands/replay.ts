import { POLICY_NAMES } from '@penstock/core/routing';
import { Command, Option } from 'commander';
import { outputOption } from '../output/output-option.js';
import { whole } from './arguments.js';
import { GENERATED_REQUESTS, type ReplayFlags } from './replay-flags.js';
import { suiteOptions } from './up.js';

export function replayCommand(): Command {
  const policy = (flag: string, description: string) =>
    new Option(`${flag} <name>`, description).choices([...POLICY_NAMES]);
  return suiteOptions(new Command('replay'))
    .description(
      'send a request trace through the front door of the running suite (started if there is none)',
    )
    .option(
      '--trace <file>',
      'Mooncake (JSON lines) or Azure (CSV) trace; without one a seeded generator is used',
    )
    .addOption(
      new Option('--requests <n>', `only the first n requests (generator: ${GENERATED_REQUESTS})`).argParser(
        whole('--requests', 1),
      ),
    )
    .addOption(new Option('--seed <n>', 'seed of the generator').default(1).argParser(whole('--seed', 0)))
    .addOption(policy('--policy', "routing policy (default: the pool's)"))
    .addOption(policy('--compare', 'replay again with this policy, from empty caches, and show both'))
    .addOption(
      new Option(
        '--ramp',
        'load that climbs above what the engines can do and falls again: shows engines being added and drained',
      ).conflicts(['trace', 'requests', 'compare']),
    )
    .option('--text', 'prompts as text of exactly the same number of tokens, instead of token ids')
    .addOption(outputOption())
    .action(async (flags: ReplayFlags, command: Command) => {
      const { replayAsTold } = await import('./replay-as-told.js');
      await replayAsTold(flags, command);
    });
}
