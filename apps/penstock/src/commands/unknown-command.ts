import type { Command } from 'commander';
import { closest } from 'fastest-levenshtein';
import { UsageError } from '../output/usage-error.js';

/** What to say to words that `command` does not take: most likely the name of a command, misspelt. */
export function unknownCommand(command: Command): UsageError {
  const [word = ''] = command.args;
  const names = command.parent?.commands.map((other) => other.name()) ?? [];
  return new UsageError(
    `there is no command "${word}"; did you mean ${closest(word, names)}? There are: ${names.join(', ')}`,
  );
}
