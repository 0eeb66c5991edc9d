import { parse } from 'shell-quote';

/** What a container of a Dynamo service runs. */
export type WorkerProgram =
  | { readonly name: 'dynamo.vllm' | 'vllm'; readonly args: readonly string[] }
  /** A worker of another framework, or a frontend: reachable through Dynamo's own frontend only. */
  | { readonly name: 'dynamo'; readonly module: string; readonly args: readonly string[] }
  /** Nothing that is known; its arguments may still tell a model and a port. */
  | { readonly name: 'unknown'; readonly args: readonly string[] };

const PYTHON = /(?:^|\/)python[\d.]*$/;
const SHELL = /(?:^|\/)(?:ba|da|z)?sh$/;

/** Reads the command line of a container: `python3 -m dynamo.vllm …`, `vllm serve …`, or `sh -c` with one of them. */
export function workerProgram(container: {
  readonly command?: readonly string[];
  readonly args?: readonly string[];
}): WorkerProgram {
  const { command = [], args = [] } = container;
  const words = [...command, ...args];
  if (SHELL.test(words[0] ?? '') && /^-\w*c$/.test(words[1] ?? '')) return ofScript(words.slice(2).join(' '));
  // Without a command the image decides; Dynamo's images of workers have no entrypoint of their own but dynamo's.
  if (command.length === 0) return { name: 'unknown', args };
  return ofWords(words);
}

/** A script that does more than start the program is left alone. */
function ofScript(script: string): WorkerProgram {
  const words = parse(script.replaceAll('\\\n', ' ').trim(), (name) => `\${${name}}`);
  const plain = words.filter((word) => typeof word === 'string');
  const isSimple = plain.length === words.length && !script.trim().includes('\n') && !script.includes('$');
  const program = ofWords(plain[0] === 'exec' ? plain.slice(1) : plain);
  return isSimple ? program : { name: 'unknown', args: plain };
}

function ofWords(words: readonly string[]): WorkerProgram {
  const [first = '', second = '', third = ''] = words;
  if (PYTHON.test(first) && second === '-m') {
    const args = words.slice(3);
    if (third === 'dynamo.vllm') return { name: 'dynamo.vllm', args };
    if (third === 'vllm.entrypoints.openai.api_server') return { name: 'vllm', args };
    if (third.startsWith('dynamo.')) return { name: 'dynamo', module: third, args };
  }
  if (/(?:^|\/)vllm$/.test(first) && second === 'serve') return { name: 'vllm', args: words.slice(2) };
  return { name: 'unknown', args: words };
}
