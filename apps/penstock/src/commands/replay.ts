import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { KubernetesCluster } from '@penstock/cluster';
import { POLICY_NAMES } from '@penstock/core/routing';
import { generateSessions } from '@penstock/core/twin';
import { loadTokenizer } from '@penstock/engine';
import { SingleBar } from 'cli-progress';
import { Command, Option } from 'commander';
import { printSummaries } from '../replay/print-summary.js';
import { runReplay } from '../replay/run-replay.js';
import type { ReplaySummary } from '../replay/summary.js';
import { TextPrompts } from '../replay/text-prompts.js';
import { TokenPrompts } from '../replay/token-prompts.js';
import { readTrace, type TraceRequest } from '../replay/trace.js';
import { resetEngineCaches, routingPolicy, useRoutingPolicy } from '../suite/control.js';
import { startSuite } from '../suite/start-suite.js';
import { type SuiteRecord, SuiteState } from '../suite/state.js';
import { DEFAULT_SUITE, type SuiteOptions } from '../suite/suite-options.js';
import { homeDirectory } from '../suite/workspace.js';
import { whole } from './arguments.js';
import { onStopSignal } from './stop-signal.js';
import { suiteOptions } from './up.js';

interface Flags extends SuiteOptions {
  trace?: string;
  requests?: number;
  seed: number;
  policy?: string;
  compare?: string;
  text?: boolean;
}

const GENERATED_REQUESTS = 500;

export function replayCommand(): Command {
  const policy = (flag: string, description: string) =>
    new Option(`${flag} <name>`, description).choices([...POLICY_NAMES]);
  return suiteOptions(new Command('replay'))
    .description(
      'send a request trace through the front door of the running suite (started if there is none)',
    )
    .option(
      '--trace <file>',
      'Mooncake (JSON lines) or Azure (CSV) trace; without one a seeded generator is used',
    )
    .addOption(
      new Option('--requests <n>', `only the first n requests (generator: ${GENERATED_REQUESTS})`).argParser(
        whole('--requests', 1),
      ),
    )
    .addOption(new Option('--seed <n>', 'seed of the generator').default(1).argParser(whole('--seed', 0)))
    .addOption(policy('--policy', "routing policy (default: the pool's)"))
    .addOption(policy('--compare', 'replay again with this policy, from empty caches, and show both'))
    .option('--text', 'prompts as text of exactly the same number of tokens, instead of token ids')
    .action(async (flags: Flags, command: Command) => {
      const requests = await readRequests(flags);
      const stopSignal = onStopSignal();
      const { record, stop } = await findOrStart(flags, command, stopSignal);
      try {
        const summaries = await replayAll(flags, requests, record, stopSignal);
        process.stdout.write(`${printSummaries(summaries)}\nsaved as ${save(summaries)}\n`);
        if (summaries.some((s) => s.failures > 0)) process.exitCode = 1;
      } finally {
        await stop();
      }
    });
}

async function readRequests(flags: Flags): Promise<TraceRequest[]> {
  if (flags.trace !== undefined) return readTrace(flags.trace, flags.requests);
  return generateSessions({ seed: flags.seed, requests: flags.requests ?? GENERATED_REQUESTS });
}

/** The running suite, or one of our own for the time of the replay. */
async function findOrStart(
  flags: Flags,
  command: Command,
  stopSignal: AbortSignal,
): Promise<{ record: SuiteRecord; stop: () => Promise<void> }> {
  const home = homeDirectory();
  const running = new SuiteState(home).running();
  if (running) {
    for (const key of ['engines', 'model', 'gpu', 'speed'] as const) {
      if (command.getOptionValueSource(key) === 'cli' && flags[key] !== running[key]) {
        throw new Error(
          `the running suite has --${key} ${running[key]}; leave --${key} out, or stop the suite to replay with ${flags[key]}`,
        );
      }
    }
    return { record: running, stop: async () => undefined };
  }
  process.stderr.write('no suite runs: starting one for this replay\n');
  const say = (message: string) => process.stderr.write(`${message}\n`);
  const suite = await startSuite(home, { ...DEFAULT_SUITE, ...flags }, say, stopSignal);
  return { record: suite.record, stop: () => suite.stop() };
}

async function replayAll(
  flags: Flags,
  requests: readonly TraceRequest[],
  record: SuiteRecord,
  signal: AbortSignal,
): Promise<ReplaySummary[]> {
  const tokenizer = await loadTokenizer();
  const prompts = flags.text ? new TextPrompts(tokenizer) : new TokenPrompts(tokenizer.vocabularySize);
  const cluster = new KubernetesCluster({ kubeconfig: record.kubeconfig, service: 'replay' });
  const before = await routingPolicy(cluster, record);
  const first = flags.policy ?? before;
  const summaries: ReplaySummary[] = [];
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
          onProgress: progress.update,
          signal,
        }).finally(progress.stop),
      );
    }
  } finally {
    await useRoutingPolicy(cluster, record, before);
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
