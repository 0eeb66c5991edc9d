import { type CompletedOption, type CompletionModel, spellings } from './completion-model.js';

/** A script for zsh: to be sourced, or kept as `_<program>` in a folder of `fpath`. */
export function zshCompletion({ program, options, commands }: CompletionModel): string {
  const perOption = [{ name: '', options }, ...commands].flatMap((command) =>
    command.options
      .filter(({ takes }) => takes !== 'nothing')
      .map((option) => `    (${labels(command.name, option)}) ${answer(option)} ;;`),
  );
  return [
    `#compdef ${program}`,
    `# Completion of ${program} in zsh: source <(${program} completion zsh)`,
    `_${program}() {`,
    `  local command="" previous="\${words[CURRENT-1]}" word`,
    '  local -a entries',
    `  for word in "\${(@)words[2,CURRENT-1]}"; do`,
    `    case "$word" in (${commands.map(({ name }) => name).join('|')}) command="$word"; break ;; esac`,
    '  done',
    '  case "$command $previous" in',
    ...perOption,
    '  esac',
    '  case "$command" in',
    ...commands.map(
      ({ name, options: own, values }) =>
        `    (${name}) entries=(${[...values.map(quote), ...own.flatMap(entries)].join(' ')}) ;;`,
    ),
    `    (*) entries=(${[...commands.map(entryOf), ...options.flatMap(entries)].join(' ')}) ;;`,
    '  esac',
    `  _describe ${program} entries`,
    '}',
    `if [[ "\${funcstack[1]}" == "_${program}" ]]; then _${program} "$@"; else compdef _${program} ${program}; fi`,
    '',
  ].join('\n');
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
/** `name:description`, where a colon in either would end the name. */
const entryOf = ({ name, description }: { name: string; description: string }): string =>
  quote(`${name.replaceAll(':', '\\:')}:${description}`);
const entries = (option: CompletedOption): string[] =>
  spellings(option).map((name) => entryOf({ name, description: option.description }));
const labels = (command: string, option: CompletedOption): string =>
  spellings(option)
    .map((spelling) => quote(`${command} ${spelling}`))
    .join('|');

function answer({ takes, values }: CompletedOption): string {
  if (takes === 'values') return `compadd -- ${values.map(quote).join(' ')}; return`;
  return takes === 'file' ? '_files; return' : 'return 1';
}
