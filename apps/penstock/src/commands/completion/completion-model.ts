import type { Argument, Command, Option } from 'commander';

/** What a shell can complete of one option. */
export interface CompletedOption {
  /** `--policy`. */
  readonly long?: string;
  /** `-o`. */
  readonly short?: string;
  readonly description: string;
  /** What follows it: nothing, one of `values`, a file, or something that cannot be guessed. */
  readonly takes: 'nothing' | 'values' | 'file' | 'anything';
  readonly values: readonly string[];
}

export interface CompletedCommand {
  readonly name: string;
  readonly description: string;
  readonly options: readonly CompletedOption[];
  /** Values of its arguments, where they are known. */
  readonly values: readonly string[];
}

export interface CompletionModel {
  readonly program: string;
  readonly options: readonly CompletedOption[];
  readonly commands: readonly CompletedCommand[];
}

/** Everything a shell needs to know of a command line, read from its definition. */
export function completionModel(program: Command): CompletionModel {
  return {
    program: program.name(),
    options: optionsOf(program),
    commands: program.commands.map((command) => ({
      name: command.name(),
      description: firstPart(command.description()),
      options: optionsOf(command),
      values: command.registeredArguments.flatMap((argument: Argument) => argument.argChoices ?? []),
    })),
  };
}

const optionsOf = (command: Command): CompletedOption[] =>
  command.createHelp().visibleOptions(command).map(completedOption);

function completedOption({
  long,
  short,
  description,
  flags,
  argChoices,
  required,
  optional,
}: Option): CompletedOption {
  const takes = argChoices
    ? 'values'
    : !required && !optional
      ? 'nothing'
      : /<file>/.test(flags)
        ? 'file'
        : 'anything';
  return { long, short, description: firstPart(description), takes, values: argChoices ?? [] };
}

/** Menus of shells have one line per entry. */
const firstPart = (description: string): string => (description.split(/[;(:\n]/)[0] as string).trim();

/** Both spellings of an option. */
export const spellings = ({ long, short }: CompletedOption): string[] =>
  [long, short].filter((spelling) => spelling !== undefined);
