import type { BenchBar } from '../types.js';
import { type Line, mean } from './rows.js';

/** Least advantage of exact prefixes over round-robin in output tokens/s on W. */
const OUTPUT_RATIO = 1.75;
/** Most that their TTFT p90 may be of round-robin's. */
const TTFT_RATIO = 1 / 300;

/** Bars that judge the policy `penstock`, which does not exist yet. */
const LATER: ReadonlyArray<readonly [string, string]> = [
  ['W penstock: best-stage output tok/s ÷ round-robin', '>= 1.9'],
  ['W penstock: TTFT p90 over the last three stages ÷ round-robin', '<= 1/300'],
  ['W, M penstock: output tok/s ÷ best baseline of each row', '>= 0.98'],
  ['W, M penstock: TTFT p90 ÷ best baseline, every seed', '<= 1.05'],
  ['W, M penstock: TTFT p90 ÷ best baseline, median', '< 1'],
  ['Z penstock: TTFT p50 ÷ least-request', '<= 1.02'],
  ['Z penstock: TTFT p90 ÷ least-request', '<= 1.02'],
];

/** The bars of the bench. Everything is virtual time, hence the same on any machine. */
export function routingBars(lines: readonly Line[]): BenchBar[] {
  const ofW = (policy: string) =>
    lines.find(
      (l) => l.workload === 'W' && l.job.contender.policy === policy && l.job.contender.tuning === 'default',
    )!.figures;
  const exact = ofW('3-2-2');
  const blind = ofW('round-robin');
  const output = mean(exact.map((f, i) => f.bestOutputTokensPerSecond / blind[i]!.bestOutputTokensPerSecond));
  const ttft = mean(exact.map((f, i) => f.ttftMs.p90 / blind[i]!.ttftMs.p90));
  return [
    {
      name: 'W 3-2-2 exact: best-stage output tok/s ÷ round-robin, mean of seeds',
      value: output,
      limit: `>= ${OUTPUT_RATIO}`,
      holds: output >= OUTPUT_RATIO,
      portable: true,
    },
    {
      name: 'W 3-2-2 exact: TTFT p90 over the last three stages ÷ round-robin, mean of seeds',
      value: ttft,
      limit: '<= 1/300 = 0.00333',
      holds: ttft <= TTFT_RATIO,
      portable: true,
    },
    ...LATER.map(
      ([name, limit]): BenchBar => ({ name, value: null, limit, holds: 'not run', portable: true }),
    ),
  ];
}
