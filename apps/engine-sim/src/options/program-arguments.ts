import { parse } from 'shell-quote';

/** How the programs that this one stands in for are started; the arguments follow. */
const PROGRAM =
  /^(?:exec )?(?:\S*python3? -m (?:vllm\.entrypoints\.openai\.api_server|dynamo\.vllm)|(?:\S*\/)?vllm serve|serve)(?= |$)/;
/** Short flags of vLLM that have a long form here. */
const SHORT: Readonly<Record<string, string>> = { '-tp': '--tensor-parallel-size', '-q': '--quantization' };

/**
 * The arguments of the engine in a container's arguments: without the program's own words (`vllm serve`,
 * `python3 -m dynamo.vllm`), out of a shell script that is the first argument (`sh -c "…"`), and with flags spelled in one
 * way (`--max_model_len` as `--max-model-len`).
 */
export function programArguments(args: readonly string[], env: NodeJS.ProcessEnv): string[] {
  const [first = '', ...rest] = args;
  const words = /^[^-].*\s/s.test(first) ? [...wordsOfScript(first, env), ...rest] : args;
  return withoutProgram(words).map(spelled);
}

/** The command of a script that starts an engine, else its last command. */
function wordsOfScript(script: string, env: NodeJS.ProcessEnv): string[] {
  const commands: string[][] = [[]];
  // A backslash joins lines; every other end of a line ends a command.
  for (const word of parse(script.replaceAll('\\\n', ' ').replaceAll('\n', ' ; '), env)) {
    if (typeof word === 'string') commands.at(-1)?.push(word);
    else if ('pattern' in word) commands.at(-1)?.push(word.pattern);
    else if ('op' in word) commands.push([]);
  }
  const filled = commands.filter((words) => words.length > 0);
  return filled.find((words) => PROGRAM.test(words.join(' '))) ?? filled.at(-1) ?? [];
}

function withoutProgram(words: readonly string[]): string[] {
  const program = PROGRAM.exec(words.join(' '))?.[0];
  return words.slice(program === undefined ? 0 : program.split(' ').length);
}

function spelled(arg: string): string {
  const [name = ''] = arg.split('=', 1);
  const rest = arg.slice(name.length);
  if (Object.hasOwn(SHORT, name)) return SHORT[name] + rest;
  return /^--[a-z]/.test(name) ? name.replaceAll('_', '-') + rest : arg;
}
