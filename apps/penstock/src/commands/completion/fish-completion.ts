import type { CompletedOption, CompletionModel } from './completion-model.js';

/** A script for fish 3 and newer. */
export function fishCompletion({ program, options, commands }: CompletionModel): string {
  const names = commands.map(({ name }) => name).join(' ');
  const first = `not __fish_seen_subcommand_from ${names}`;
  const line = (condition: string, rest: string) => `complete -c ${program} -n ${quote(condition)} ${rest}`;
  return [
    `# Completion of ${program} in fish: ${program} completion fish | source`,
    `complete -c ${program} -f`,
    ...commands.map(({ name, description }) => line(first, `-a ${name} -d ${quote(description)}`)),
    ...options.map((option) => line(first, flagsOf(option))),
    ...commands.flatMap((command) => {
      const inside = `__fish_seen_subcommand_from ${command.name}`;
      const values =
        command.values.length === 0 ? [] : [line(inside, `-a ${quote(command.values.join(' '))}`)];
      return [...values, ...command.options.map((option) => line(inside, flagsOf(option)))];
    }),
    '',
  ].join('\n');
}

const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

function flagsOf({ long, short, description, takes, values }: CompletedOption): string {
  const value = { nothing: '', values: ` -x -a ${quote(values.join(' '))}`, file: ' -r -F', anything: ' -x' }[
    takes
  ];
  const names = [short && `-s ${short.slice(1)}`, long && `-l ${long.slice(2)}`].filter(Boolean).join(' ');
  return `${names}${value} -d ${quote(description)}`;
}
