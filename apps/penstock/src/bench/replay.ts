import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { generateSessions } from '@penstock/core/twin';
import { loadTokenizer } from '@penstock/engine';
import { onStopSignal } from '../commands/stop-signal.js';
import { runReplay } from '../replay/run-replay.js';
import type { ReplaySummary } from '../replay/summary.js';
import { TokenPrompts } from '../replay/token-prompts.js';
import { readTrace, type TraceRequest } from '../replay/trace.js';
import { resetEngineCaches, useRoutingPolicy } from '../suite/control.js';
import { type Suite, startSuite } from '../suite/start-suite.js';
import { DEFAULT_SUITE } from '../suite/suite-options.js';
import { agrees, type EngineVerification, verifyIndex } from '../suite/verify-index.js';
import { type TierVerification, verifyTiers } from '../suite/verify-tiers.js';
import { waitUntil } from '../suite/wait-until.js';
import type { Bench, BenchBar, BenchOptions, BenchResult } from './types.js';

const SIZES = {
  tiny: { requests: 20, engines: 2 },
  default: { requests: 150, engines: 8 },
  full: { requests: 2000, engines: 8 },
};
const SPEED = 4;
/** How long the index may take to agree with the engines once nothing runs. */
const QUIESCENCE_MS = 15_000;

interface Run {
  readonly summary: ReplaySummary;
  readonly verification: readonly EngineVerification[];
  readonly tiers: TierVerification;
  readonly convergedMs: number;
}

/** The running suite, real processes: does it lose anything, and does the index equal the engines' caches? */
export const replayBench: Bench = {
  name: 'replay',
  summary:
    'real processes: failed requests, lost events, index against engines, bytes in storage, 3-2-2 beside round-robin',
  run,
};

async function run(options: BenchOptions): Promise<BenchResult> {
  const size = SIZES[options.size];
  const requests = options.trace
    ? await readTrace(options.trace, size.requests)
    : generateSessions({ seed: options.seed, requests: size.requests });
  const signal = onStopSignal();
  const home = mkdtempSync(join(tmpdir(), 'penstock-bench-'));
  const suite = await startSuite(
    home,
    { ...DEFAULT_SUITE, engines: size.engines, speed: SPEED },
    options.progress,
    signal,
    'any',
  );
  const runs: Run[] = [];
  try {
    for (const policy of ['3-2-2', 'round-robin']) {
      options.progress(`replaying ${requests.length} requests with ${policy} at ${SPEED}×`);
      runs.push(await replayOnce(suite, policy, requests, options, signal));
    }
  } finally {
    await suite.stop();
    rmSync(home, { recursive: true, force: true });
  }
  return {
    bench: 'replay',
    params: { engines: size.engines, speed: SPEED, requests: requests.length },
    rows: runs.map(row),
    bars: bars(runs, options),
    notes: [`times are virtual: wall time × ${SPEED}`],
  };
}

async function replayOnce(
  suite: Suite,
  policy: string,
  requests: readonly TraceRequest[],
  options: BenchOptions,
  signal: AbortSignal,
): Promise<Run> {
  const prompts = new TokenPrompts((await loadTokenizer()).vocabularySize);
  await resetEngineCaches(suite.cluster, suite.record);
  await useRoutingPolicy(suite.cluster, suite.record, policy);
  const summary = await runReplay({
    frontDoor: suite.record.urls.frontDoor,
    model: suite.record.model,
    speed: SPEED,
    policy,
    source: options.trace ? basename(options.trace) : `generator (seed ${options.seed})`,
    requests,
    writePrompt: (request, ordinal) => prompts.write(request, ordinal),
    cacheSalt: policy,
    signal,
  });
  const endedAtMs = performance.now();
  let verification: EngineVerification[] = [];
  const check = async () => {
    verification = await verifyIndex(suite.cluster, suite.record);
    return agrees(verification);
  };
  // Not agreeing in time is a result, not an error.
  await waitUntil('index convergence', check, QUIESCENCE_MS).catch((error: Error) =>
    options.progress(error.message),
  );
  const convergedMs = performance.now() - endedAtMs;
  return { summary, verification, convergedMs, tiers: await verifyTiers(suite.record) };
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const divergence = ({ verification }: Run) => sum(verification.map((v) => v.missing + v.gone));
const lostEvents = ({ verification }: Run) => sum(verification.map((v) => v.eventsBehind));

function row(run: Run): BenchResult['rows'][number] {
  const { summary: s } = run;
  return {
    policy: s.policy,
    requests: s.requests,
    failures: s.failures,
    'TTFT p50 ms': s.ttftMs.p50,
    'TTFT p90 ms': s.ttftMs.p90,
    'inter-token p50 ms': s.interTokenMs.p50,
    'output tok/s': s.outputTokensPerSecond,
    'hit ratio': s.prefixHitRatio,
    'blocks in engines': sum(run.verification.map((v) => v.engineBlocks)),
    'blocks that differ': divergence(run),
    'event batches lost': lostEvents(run),
    'index converged ms (wall)': run.convergedMs,
    'copies in storage': run.tiers.checked,
    'copies not intact': run.tiers.problems.length,
  };
}

function bars(runs: readonly Run[], options: BenchOptions): BenchBar[] {
  const zero = (name: string, value: number): BenchBar => ({
    name,
    value,
    limit: '= 0',
    holds: value === 0,
    portable: true,
  });
  const onTrace = (bar: BenchBar): BenchBar => (options.trace ? bar : { ...bar, holds: 'not run' });
  const checked = runs.every(
    ({ verification, tiers }) => sum(verification.map((v) => v.engineBlocks)) > 0 && tiers.intact > 0,
  );
  return [
    zero('failed requests', sum(runs.map((run) => run.summary.failures))),
    zero('event batches lost', sum(runs.map(lostEvents))),
    zero('blocks that differ between index and engines', sum(runs.map(divergence))),
    zero('copies in storage that are not intact', sum(runs.map((run) => run.tiers.problems.length))),
    {
      name: 'engines and storage hold blocks to compare',
      value: checked ? 1 : 0,
      limit: '= 1',
      holds: checked,
      portable: true,
    },
    onTrace(zero('failed requests on the Mooncake trace', sum(runs.map((run) => run.summary.failures)))),
  ];
}
