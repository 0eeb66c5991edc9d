import type { kvoffloadV1 } from '@penstock/contracts';
import { createGrpcClient } from '@penstock/platform';
import { grpcFailure } from '../../output/grpc-failure.js';
import { readableBytes, readableShare } from '../../output/readable-figures.js';
import type { Check, Finding } from '../finding.js';
import { findings } from '../findings.js';

const { ok, warn, fail } = findings('storage');

type Methods = { Stats: { request: kvoffloadV1.StatsRequest; response: kvoffloadV1.StatsResponse } };

/** Above this share a tier is demoted from all the time, or cannot be any more. */
const FULL = 0.95;

/** Whether kv-offload decides, reaches the kv-node of every node, knows S3, and has room on every tier. */
export const checkStorage = (kvOffload: readonly string[], timeoutMs: number): Check => ({
  area: 'storage',
  run: async () => {
    const asked = await Promise.all(kvOffload.map((address) => ask(address, timeoutMs)));
    const away = asked.flatMap((answer) => ('failure' in answer ? [answer.failure] : []));
    const stats = asked.flatMap((answer) => ('stats' in answer ? [answer.stats] : []));
    const leader = stats.find(({ leader: leads }) => leads);
    if (leader) return [...away, ...storageFindings(leader)];
    if (stats.length === 0) return away;
    return [
      ...away,
      warn(
        'leader',
        'none of the replicas asked decides',
        'wait for the Lease, or give all replicas: --kv-offload',
      ),
    ];
  },
});

/** What the deciding replica's figures say. */
export function storageFindings({ tiers, nodes, s3Listed }: kvoffloadV1.StatsResponse): Finding[] {
  const lost = nodes.filter(({ state }) => state !== 'live');
  const full = tiers.filter((use) => shareOf(use) > FULL);
  return [
    nodes.length === 0
      ? warn(
          'nodes',
          'no kv-node is connected',
          'check that the kv-node pods run on the nodes of the engines',
        )
      : lost.length === 0
        ? ok('nodes', `the kv-node of every node is followed: ${nodes.map(({ node }) => node).join(', ')}`)
        : warn(
            'nodes',
            lost
              .map(({ node, state, problem }) => `${node} is ${state}${problem && ` (${problem})`}`)
              .join(', '),
            'see the log of the kv-node there; engines of the node keep what they have',
          ),
    full.length === 0
      ? ok('tiers', tiers.map(tierText).join(', ') || 'nothing is stored yet')
      : warn(
          'tiers',
          full.map(tierText).join(', '),
          'give the tier more room: demotion does not keep up, or there is nowhere to demote to',
        ),
    ...(s3Listed
      ? []
      : [
          warn(
            's3',
            'what is on S3 is not known yet',
            'wait for the first listing, or see the log of kv-offload',
          ),
        ]),
  ];
}

const shareOf = ({ usedBytes, capacityBytes }: kvoffloadV1.TierUse): number =>
  Number(capacityBytes) === 0 ? 0 : Number(usedBytes) / Number(capacityBytes);

function tierText(use: kvoffloadV1.TierUse): string {
  const name = String(use.tier)
    .replace(/^TIER_/, '')
    .toLowerCase();
  const limit = Number(use.capacityBytes) === 0 ? '' : ` (${readableShare(shareOf(use))})`;
  return `${name}${use.node && ` of ${use.node}`} ${readableBytes(Number(use.usedBytes))}${limit}`;
}

async function ask(
  address: string,
  deadlineMs: number,
): Promise<{ stats: kvoffloadV1.StatsResponse } | { failure: Finding }> {
  const client = createGrpcClient<Methods>({ proto: 'kvoffload', service: 'KvOffloadService', address });
  try {
    return { stats: await client.call('Stats', {}, { deadlineMs }) };
  } catch (error) {
    const detail = `it does not answer (${grpcFailure(error)})`;
    return { failure: fail(`kv-offload ${address}`, detail, 'check that kv-offload runs there') };
  } finally {
    client.close();
  }
}
