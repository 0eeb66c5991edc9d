import { readTrace } from '../../replay/trace.js';
import type { Bench, BenchOptions, BenchResult } from '../types.js';
import { routingBars } from './bars.js';
import type { Contender } from './job.js';
import { PLANS, planJobs, sweepJobs } from './plan.js';
import { lines, row } from './rows.js';
import { runJobs } from './run-jobs.js';
import { BASELINE_SCRAPE_MS, bestVariant, SWEPT, variantsOf } from './sweep.js';

/** Routing policies on the fleet twin: workloads W (shared prefixes), M (a trace) and Z (nothing shared). */
export const routingBench: Bench = {
  name: 'routing',
  summary:
    'routing policies on the fleet twin (virtual time): output tokens/s, TTFT, hit ratio, beside a clairvoyant fleet',
  run,
};

async function run(options: BenchOptions): Promise<BenchResult> {
  const plan = PLANS[options.size];
  // A trace that cannot be read is said before a minute of other work.
  if (options.trace !== undefined) await readTrace(options.trace, 1);
  const tuned = plan.sweep ? await tune(options) : [];
  const jobs = planJobs(plan, options, tuned);
  options.progress(`routing: ${jobs.length} runs of the fleet twin`);
  const figures = await runJobs(jobs, (done) => {
    if (done % 10 === 0) options.progress(`routing: ${done} of ${jobs.length} runs`);
  });
  const table = lines(jobs, figures);
  return {
    bench: 'routing',
    params: {
      engine: 'Qwen3-32B bf16 TP2 H100',
      kvTokensPerEngine: 307_328,
      seeds: plan.seeds,
      scrapeIntervalMs: BASELINE_SCRAPE_MS,
      kvViewDelayMs: 100,
    },
    rows: table.map(row),
    bars: routingBars(table),
    notes: notes(options),
  };
}

/** The best variant of each baseline that has a sweep, unless its default is the best. */
async function tune(options: BenchOptions): Promise<Contender[]> {
  const variants = SWEPT.map(variantsOf);
  const jobs = sweepJobs(options, variants.flat());
  options.progress(`routing: tuning the baselines, ${jobs.length} runs on a seed that is not judged`);
  const figures = await runJobs(jobs, () => {});
  let first = 0;
  return variants.flatMap((ofPolicy) => {
    const best = bestVariant(ofPolicy, figures.slice(first, first + ofPolicy.length));
    first += ofPolicy.length;
    return best.tuning === 'default' ? [] : [{ ...best, tuning: `best of sweep: ${best.tuning}` }];
  });
}

function notes(options: BenchOptions): string[] {
  const z =
    options.size === 'full'
      ? []
      : [
          'Z stops at 15 requests/s: from 20/s on, the fleet cannot prefill as fast as requests come, whatever the router does.',
        ];
  return [
    'W: sanity anchors from the real fleet (llm-d): round-robin 7.0k output tok/s and TTFT p90 135–154 s; exact prefixes 14.9k and 0.26 s.',
    'TTFT is over the last three stages; ITL and the busiest engine are of the last stage; times are virtual.',
    'Clairvoyant: every prefix in every cache and endless KV memory, balanced by known work or in turns, whichever has the lower TTFT p90.',
    ...z,
    ...(options.trace
      ? []
      : ["No trace was given: rows named generator use the project's own session generator."]),
  ];
}
