import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { bashCompletion } from '../src/commands/completion/bash-completion.js';
import { completionModel, spellings } from '../src/commands/completion/completion-model.js';
import { fishCompletion } from '../src/commands/completion/fish-completion.js';
import { zshCompletion } from '../src/commands/completion/zsh-completion.js';
import { createProgram } from '../src/commands/program.js';

const model = completionModel(createProgram());
const script = bashCompletion(model);

function bash(code: string): string {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', code], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

/** What bash offers for the last word. */
function complete(...words: string[]): string[] {
  const quoted = ['penstock', ...words].map((word) => `'${word}'`).join(' ');
  const output = bash(
    `${script}\nCOMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; _penstock; printf '%s\\n' "\${COMPREPLY[@]}"`,
  );
  return output.split('\n').filter(Boolean);
}

describe('completion in bash', () => {
  it('is a script that bash takes, and registers itself', () => {
    bash(`bash -n <<'END'\n${script}\nEND`);
    expect(bash(`${script}\ncomplete -p penstock`)).toBe('complete -F _penstock penstock\n');
  });

  it.each([
    [['do'], ['doctor']],
    [['re'], ['replay']],
    [['doctor', '--nats'], ['--nats-url']],
    [['top', '--on'], ['--once']],
    [['replay', '--policy', 'round'], ['round-robin']],
    [['explain', 'id', '-o', 'j'], ['json']],
    [['bench', 'ro'], ['routing']],
    [['completion', 'z'], ['zsh']],
    [['up', '--engines', ''], []],
    [['replay', '--trace', '/etc/host'], expect.arrayContaining(['/etc/hosts'])],
  ])('offers for %j', (words, offered) => expect(complete(...words)).toEqual(offered));

  it('offers every command and every flag of each', () => {
    expect(complete('')).toEqual(expect.arrayContaining(model.commands.map(({ name }) => name)));
    for (const { name, options } of model.commands)
      expect(complete(name, '-')).toEqual(options.flatMap(spellings));
  });
});

describe('completion in zsh and fish', () => {
  // Neither shell is on every machine: what can be checked without them is that nothing is missing or unquoted.
  it.each([
    ['zsh', zshCompletion(model)],
    ['fish', fishCompletion(model)],
  ])('%s knows every command and flag, and no quote is left open', (shell, text) => {
    for (const { name, options } of model.commands) {
      expect(text).toContain(name);
      for (const { long } of options)
        if (long) expect(text).toContain(shell === 'fish' ? `-l ${long.slice(2)}` : long);
    }
    for (const line of text.split('\n').filter((l) => !l.startsWith('#')))
      expect(
        [...line.replaceAll("'\\''", '').replaceAll("\\'", '')].filter((c) => c === "'").length % 2,
      ).toBe(0);
  });
});
