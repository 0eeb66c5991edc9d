import { Argument, Command } from 'commander';
import { bashCompletion } from './completion/bash-completion.js';
import { completionModel } from './completion/completion-model.js';
import { fishCompletion } from './completion/fish-completion.js';
import { zshCompletion } from './completion/zsh-completion.js';

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };
type Shell = keyof typeof SCRIPTS;

const HELP = `
In a clone, where the program is \`npx penstock\`:
  alias penstock='npx penstock'
  source <(penstock completion bash)     # bash and zsh; in fish: penstock completion fish | source`;

/** Prints a script that knows every command and flag of `program`, so that no process starts at a press of Tab. */
export function completionCommand(program: Command): Command {
  return new Command('completion')
    .description('print a script that completes commands and flags in a shell')
    .addArgument(new Argument('<shell>', 'the shell to print it for').choices(Object.keys(SCRIPTS)))
    .addHelpText('after', HELP)
    .action((shell: Shell) => {
      process.stdout.write(SCRIPTS[shell](completionModel(program)));
    });
}
