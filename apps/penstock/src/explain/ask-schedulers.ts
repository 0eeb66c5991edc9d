import { setTimeout as sleep } from 'node:timers/promises';
import type { schedulerV1 } from '@penstock/contracts';
import { createGrpcClient } from '@penstock/platform';
import { grpcFailure } from '../output/grpc-failure.js';
import { UnreachableError } from '../output/unreachable-error.js';
import { UsageError } from '../output/usage-error.js';

type Methods = { Explain: { request: schedulerV1.ExplainRequest; response: schedulerV1.ExplainResponse } };
type Answer =
  | { readonly kind: 'known'; readonly decision: schedulerV1.Decision }
  | { readonly kind: 'unknown' | 'away'; readonly address: string; readonly why: string };

export interface AskOptions {
  /** gRPC addresses of the schedulers. */
  readonly schedulers: readonly string[];
  readonly requestId: string;
  /** How long to go on asking for a record that nobody has yet: it reaches other replicas a moment later. */
  readonly patienceMs: number;
  readonly deadlineMs: number;
}

const PAUSE_MS = 200;
const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;

/**
 * Asks every scheduler for the record of a request until one has it. Of several records the fullest counts.
 *
 * @throws UnreachableError when none answers, UsageError when the id cannot be one, Error when nobody has a record
 */
export async function askSchedulers(options: AskOptions): Promise<schedulerV1.Decision> {
  const deadline = performance.now() + options.patienceMs;
  for (;;) {
    const answers = await Promise.all(options.schedulers.map((address) => ask(address, options)));
    const known = answers.flatMap((answer) => (answer.kind === 'known' ? [answer.decision] : []));
    const fullest = known.sort((a, b) => b.leading.length - a.leading.length)[0];
    if (fullest) return fullest;
    const away = answers.flatMap((answer) =>
      answer.kind === 'away' ? [`${answer.address}: ${answer.why}`] : [],
    );
    if (away.length === answers.length) {
      throw new UnreachableError(
        `no scheduler answers (${away.join('; ')}): check the address, or run \`penstock doctor\``,
      );
    }
    if (performance.now() >= deadline) {
      const silent = away.length === 0 ? '' : `; not asked: ${away.join('; ')}`;
      throw new Error(
        `no scheduler has a record of request ${options.requestId}: the id is the x-request-id of the answer, and records are kept for a while only (the newest 10,000 of each replica, and an hour of events)${silent}`,
      );
    }
    await sleep(PAUSE_MS);
  }
}

async function ask(address: string, { requestId, deadlineMs }: AskOptions): Promise<Answer> {
  const client = createGrpcClient<Methods>({ proto: 'scheduler', service: 'SchedulerService', address });
  try {
    const { decision } = await client.call('Explain', { requestId }, { deadlineMs });
    return decision ? { kind: 'known', decision } : { kind: 'unknown', address, why: 'it kept no record' };
  } catch (error) {
    const { code } = error as { code?: number };
    const why = grpcFailure(error);
    if (code === INVALID_ARGUMENT) throw new UsageError(why.replace(/^requestId: /, 'a request id '));
    return { kind: code === NOT_FOUND ? 'unknown' : 'away', address, why };
  } finally {
    client.close();
  }
}
