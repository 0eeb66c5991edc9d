import { type CompletedOption, type CompletionModel, spellings } from './completion-model.js';

/** A script for bash 3.2 and newer. */
export function bashCompletion({ program, options, commands }: CompletionModel): string {
  const perOption = [{ name: '', options }, ...commands].flatMap((command) =>
    command.options
      .filter(({ takes }) => takes !== 'nothing')
      .map((option) => `    ${labels(command.name, option)}) ${answer(option)} return ;;`),
  );
  const words = (own: readonly CompletedOption[], values: readonly string[]) =>
    [...values, ...own.flatMap(spellings)].join(' ');
  const names = commands.map(({ name }) => name);
  return [
    `# Completion of ${program} in bash: source <(${program} completion bash)`,
    `_${program}() {`,
    `  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" command="" words="" i`,
    '  for ((i = 1; i < COMP_CWORD; i++)); do',
    `    case "\${COMP_WORDS[i]}" in ${names.join('|')}) command="\${COMP_WORDS[i]}"; break ;; esac`,
    '  done',
    '  COMPREPLY=()',
    '  case "$command $prev" in',
    ...perOption,
    '  esac',
    '  case "$command" in',
    ...commands.map(({ name, options: own, values }) => `    ${name}) words="${words(own, values)}" ;;`),
    `    *) words="${words(options, names)}" ;;`,
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$cur"))',
    '}',
    `complete -F _${program} ${program}`,
    '',
  ].join('\n');
}

const labels = (command: string, option: CompletedOption): string =>
  spellings(option)
    .map((spelling) => `"${command} ${spelling}"`)
    .join('|');

function answer({ takes, values }: CompletedOption): string {
  if (takes === 'values') return `COMPREPLY=($(compgen -W "${values.join(' ')}" -- "$cur"));`;
  return takes === 'file' ? 'compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur"));' : '';
}
