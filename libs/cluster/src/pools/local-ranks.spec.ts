import { describe, expect, it } from '@jest/globals';
import type { Pod } from '@penstock/contracts';
import { localRanksOf } from './local-ranks.js';

const pod = (
  args: string[],
  annotations: Record<string, string> = {},
  env: Record<string, string> = {},
): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', annotations },
    spec: {
      containers: [
        { name: 'sidecar', command: ['proxy', '--listen', '1'] },
        { name: 'engine', args, env: Object.entries(env).map(([name, value]) => ({ name, value })) },
      ],
    },
  }) as Pod;

describe('localRanksOf', () => {
  it.each([
    [['--model', 'm'], { first: 0, count: 1 }],
    [['--data-parallel-size', '4'], { first: 0, count: 4 }],
    [['--data-parallel-size=4', '--tensor-parallel-size=2'], { first: 0, count: 4 }],
    [['-dp', '8'], { first: 0, count: 8 }],
    [['sh', '-c', 'exec vllm serve m --data-parallel-size 2 --port 8000'], { first: 0, count: 2 }],
    [
      ['--data-parallel-size=16', '--data-parallel-size-local=8', '--data-parallel-start-rank=8'],
      { first: 8, count: 8 },
    ],
    [['--data-parallel-size=16', '--data-parallel-rank', '3'], { first: 3, count: 1 }],
    [['--data-parallel-size', 'many'], { first: 0, count: 1 }],
    [['--data-parallel-size', '0'], { first: 0, count: 1 }],
    [['--data-parallel-size', '100000'], { first: 0, count: 1 }],
    [['--data-parallel-size'], { first: 0, count: 1 }],
  ])('reads %j', (args, ranks) => {
    expect(localRanksOf(pod(args))).toEqual(ranks);
  });

  it('believes the annotation before the arguments, when it is a number of ranks', () => {
    const args = ['--data-parallel-size', '4'];
    expect(localRanksOf(pod(args, { 'penstock.dev/data-parallel-size': '2' }))).toEqual({
      first: 0,
      count: 2,
    });
    expect(localRanksOf(pod(args, { 'penstock.dev/data-parallel-size': 'two' }))).toEqual({
      first: 0,
      count: 4,
    });
  });

  it('puts variables of the container in, and takes one rank where it does not know them', () => {
    const args = ['--data-parallel-size', '$(DP)'];
    expect(localRanksOf(pod(args, {}, { DP: '4' }))).toEqual({ first: 0, count: 4 });
    expect(localRanksOf(pod(args))).toEqual({ first: 0, count: 1 });
  });
});
