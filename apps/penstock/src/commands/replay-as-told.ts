import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { KubernetesCluster } from '@penstock/cluster';
import { generateSessions } from '@penstock/core/twin';
import { loadTokenizer } from '@penstock/engine';
import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import { EXIT } from '../output/exit-code.js';
import { UsageError } from '../output/usage-error.js';
import { printSummaries } from '../replay/print-summary.js';
import { printRamp, rampRequests, runRamp } from '../replay/ramp.js';
import { runReplay } from '../replay/run-replay.js';
import type { ReplaySummary } from '../replay/summary.js';
import { TextPrompts } from '../replay/text-prompts.js';
import { TokenPrompts } from '../replay/token-prompts.js';
import { readTrace, type TraceRequest } from '../replay/trace.js';
import { resetEngineCaches, routingPolicy, useRoutingPolicy } from '../suite/control.js';
import type { SuiteRecord } from '../suite/state.js';
import { homeDirectory } from '../suite/workspace.js';
import { findOrStart } from './find-or-start.js';
import { GENERATED_REQUESTS, type ReplayFlags } from './replay-flags.js';
import { onStopSignal } from './stop-signal.js';

/** What `penstock replay` does. */
export async function replayAsTold(flags: ReplayFlags, command: Command): Promise<void> {
  const requests = flags.ramp ? [] : await readRequests(flags);
  const stopSignal = onStopSignal();
  const { record, stop } = await findOrStart(flags, command, stopSignal);
  try {
    const isGood = flags.ramp
      ? await ramp(flags, record, stopSignal)
      : await replay(flags, requests, record, stopSignal);
    if (!isGood) process.exitCode = EXIT.failed;
  } finally {
    await stop();
  }
}

async function readRequests(flags: ReplayFlags): Promise<TraceRequest[]> {
  if (flags.trace !== undefined) {
    return readTrace(flags.trace, flags.requests).catch((error: Error) => {
      throw new UsageError(error.message);
    });
  }
  return generateSessions({ seed: flags.seed, requests: flags.requests ?? GENERATED_REQUESTS });
}

/** @returns whether no request failed */
async function replay(
  flags: ReplayFlags,
  requests: readonly TraceRequest[],
  record: SuiteRecord,
  signal: AbortSignal,
): Promise<boolean> {
  const summaries = await replayAll(flags, requests, record, signal);
  const saved = save(summaries);
  process.stdout.write(
    flags.output === 'json'
      ? `${JSON.stringify({ summaries, saved })}\n`
      : `${printSummaries(summaries)}\nsaved as ${saved}\n`,
  );
  return summaries.every(({ failures }) => failures === 0);
}

/** @returns whether the fleet grew and shrank again and no request failed */
async function ramp(flags: ReplayFlags, record: SuiteRecord, signal: AbortSignal): Promise<boolean> {
  const cluster = new KubernetesCluster({ kubeconfig: record.kubeconfig, service: 'replay' });
  const before = await routingPolicy(cluster, record);
  const policy = flags.policy ?? before;
  const prompts = await promptWriter(flags);
  const requests = rampRequests(record.engines, flags.seed);
  const progress = showProgress('ramp', requests.length);
  try {
    await useRoutingPolicy(cluster, record, policy);
    const result = await runRamp({
      cluster,
      record,
      requests,
      policy,
      source: `ramp (seed ${flags.seed})`,
      writePrompt: (request, ordinal) => prompts.write(request, ordinal),
      onProgress: progress.update,
      signal,
    }).finally(progress.stop);
    const saved = save([result.summary]);
    const { summary, timeline, base, problems } = result;
    process.stdout.write(
      flags.output === 'json'
        ? `${JSON.stringify({ summaries: [summary], ramp: { base, changes: timeline.changes, problems }, saved })}\n`
        : `${printSummaries([summary])}\n${printRamp(result)}\nsaved as ${saved}\n`,
    );
    return result.problems.length === 0;
  } finally {
    await useRoutingPolicy(cluster, record, before);
    await cluster.close();
  }
}

async function promptWriter({ text }: ReplayFlags): Promise<TextPrompts | TokenPrompts> {
  const tokenizer = await loadTokenizer();
  return text ? new TextPrompts(tokenizer) : new TokenPrompts(tokenizer.vocabularySize);
}

async function replayAll(
  flags: ReplayFlags,
  requests: readonly TraceRequest[],
  record: SuiteRecord,
  signal: AbortSignal,
): Promise<ReplaySummary[]> {
  const prompts = await promptWriter(flags);
  const cluster = new KubernetesCluster({ kubeconfig: record.kubeconfig, service: 'replay' });
  const before = await routingPolicy(cluster, record);
  const first = flags.policy ?? before;
  const summaries: ReplaySummary[] = [];
  const startedAt = new Date().toISOString();
  try {
    for (const policy of flags.compare === undefined ? [first] : [first, flags.compare]) {
      if (flags.compare !== undefined) await resetEngineCaches(cluster, record);
      await useRoutingPolicy(cluster, record, policy);
      const progress = showProgress(policy, requests.length);
      summaries.push(
        await runReplay({
          frontDoor: record.urls.frontDoor,
          model: record.model,
          speed: record.speed,
          policy,
          source: flags.trace ? basename(flags.trace) : `generator (seed ${flags.seed})`,
          requests,
          writePrompt: (request, ordinal) => prompts.write(request, ordinal),
          // What one run left on other tiers must not serve the other.
          ...(flags.compare === undefined ? {} : { cacheSalt: `${policy} ${startedAt}` }),
          onProgress: progress.update,
          signal,
        }).finally(progress.stop),
      );
    }
  } finally {
    await useRoutingPolicy(cluster, record, before);
    await cluster.close();
  }
  return summaries;
}

function showProgress(
  policy: string,
  total: number,
): { update: (done: number, failed: number) => void; stop: () => void } {
  const bar = new SingleBar({
    format: `${policy} {bar} {value}/{total} requests, {failed} failed, {duration_formatted}`,
    stream: process.stderr,
    noTTYOutput: true,
    notTTYSchedule: 10_000,
    hideCursor: true,
  });
  bar.start(total, 0, { failed: 0 });
  return { update: (done, failed) => bar.update(done, { failed }), stop: () => bar.stop() };
}

function save(summaries: readonly ReplaySummary[]): string {
  const folder = join(homeDirectory(), 'replays');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${new Date().toISOString().replaceAll(':', '-').slice(0, 19)}.json`);
  writeFileSync(path, `${JSON.stringify(summaries, null, 2)}\n`);
  return path;
}
