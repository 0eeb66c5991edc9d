import { describe, expect, it, jest } from '@jest/globals';
import { createProgram } from '../src/commands/program.js';
import { exitCodeOf } from '../src/output/exit-code-of.js';
import { runCli } from './cli/run-cli.js';

/** Parses arguments as the program does, and says how that ended and what was printed. */
async function parse(args: readonly string[]): Promise<{ code: number; printed: string }> {
  const program = createProgram();
  let printed = '';
  const output = {
    writeOut: (text: string) => (printed += text),
    writeErr: (text: string) => (printed += text),
  };
  for (const command of [program, ...program.commands]) command.configureOutput(output);
  try {
    await program.parseAsync(args, { from: 'user' });
    return { code: 0, printed };
  } catch (error) {
    return { code: exitCodeOf(error), printed: `${printed}${(error as Error).message}` };
  }
}

describe('wrong usage', () => {
  it.each([
    [['docter'], /there is no command "docter"; did you mean doctor\?/],
    [['explain'], /missing required argument 'request-id'/],
    [['explain', 'a', 'b'], /too many arguments/],
    [['explain', 'x', '-o', 'yaml'], /Allowed choices are text, json/],
    [['explain', 'x', '--timeout', '0'], /--timeout takes a whole number from 1 to 600000/],
    [['doctor', '--timeout', 'soon'], /--timeout takes a whole number/],
    [['doctor', '--nats-url', 'nonsense'], /--nats-url takes a URL like nats:/],
    [['top', '--interval', '0'], /--interval takes a number above 0/],
    [['top', '--what'], /unknown option '--what'\n\(penstock top --help lists/],
    [['completion'], /missing required argument 'shell'/],
    [['completion', 'tcsh'], /Allowed choices are bash, zsh, fish/],
    [['up', '--engines', '65'], /--engines takes a whole number from 1 to 64/],
    [['up', '--gpu', 'abacus'], /no engine is calibrated for --gpu abacus/],
    [['replay', '--trace', '/nowhere.jsonl'], /cannot read the trace \/nowhere\.jsonl/],
    [['replay', '-o', 'xml'], /Allowed choices are text, json/],
    [['replay', '--policy', 'guess'], /argument 'guess' is invalid/],
    [['bench', 'nothing'], /there is no bench "nothing"; there are: /],
    [['bench', 'routing', '--trace', '/nowhere'], /--trace \/nowhere: there is no such file/],
  ])('%j ends with 2 and one clear sentence', async (args, sentence) => {
    const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    const { code, printed } = await parse(args).finally(() => write.mockRestore());
    expect(printed).toMatch(sentence);
    expect(code).toBe(2);
  });

  it('reaches the shell', async () => {
    const result = await runCli(['top', '--what']);
    expect(result).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining("unknown option '--what'"),
    });
    expect(result.stderr).not.toMatch(/\n\s+at /);
  }, 90_000);
});

describe('help', () => {
  it.each([[], ['up'], ['explain'], ['doctor'], ['top'], ['replay'], ['bench'], ['completion']])(
    'of penstock %s',
    async (...command) => {
      const { code, printed } = await parse([...command, '--help']);
      expect(code).toBe(0);
      expect(printed).toMatch(/^Usage: penstock/);
      expect(printed).toContain('Options:');
    },
  );

  it('names every command, the exit codes and the version', async () => {
    const { printed } = await parse(['--help']);
    for (const { name } of createProgram().commands.map((command) => ({ name: command.name() })))
      expect(printed).toMatch(new RegExp(`^  ${name} `, 'm'));
    expect(printed).toContain('Exit codes: 0 done');
    expect(await runCli(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  }, 90_000);
});
