import { describe, expect, it } from '@jest/globals';
import { foreignFlags } from './foreign-flags.js';

const known = ['--model', '--port', '--max-model-len', '--tensor-parallel-size', '--sim-speed'];

describe('foreignFlags', () => {
  it('takes the value of a flag with it, and knows a value that looks like a number', () => {
    expect(
      foreignFlags(
        ['--swap-space', '4', '--offset', '-1', '--enforce-eager', '--x={"a":1}', '-O3', 'word', 'w2'],
        known,
      ),
    ).toEqual({
      ignored: ['--swap-space', '--offset', '--enforce-eager', '--x', '-O3'],
      words: ['w2'],
      errors: [],
    });
  });

  it.each([
    ['--modle', '--model'],
    ['--tensor-paralel', '--tensor-parallel-size'],
    ['--tensor-parallel-sizes=2', '--tensor-parallel-size'],
    ['--sim-sped', '--sim-speed'],
  ])('takes %s for a mistyped %s', (given, meant) => {
    expect(foreignFlags([given, '1'], known).errors).toEqual([
      expect.stringContaining(`did you mean ${meant}?`),
    ]);
  });

  it.each([
    '--pipeline-parallel-size',
    '--data-parallel-size',
    '--max-num-seqs-per-x',
    '--root-path',
    '--task',
    '-pp',
  ])('does not take %s for a mistyped flag', (given) => {
    expect(foreignFlags([given, '1'], known)).toEqual({ ignored: [given], words: [], errors: [] });
  });

  it('refuses unknown flags of its own', () => {
    expect(foreignFlags(['--sim-magic', '1'], known).errors).toEqual([
      'unknown flag --sim-magic: see --help',
    ]);
  });
});
