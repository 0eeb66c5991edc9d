import { createServer } from 'node:net';
import { isAlive } from '@penstock/testing';
import type { SuiteRecord } from '../../suite/state.js';
import { homeDirectory } from '../../suite/workspace.js';
import type { Check, Finding } from '../finding.js';
import { findings } from '../findings.js';

const { ok, warn, fail } = findings('suite');

/** Ports that `npm start` prefers. */
const PREFERRED_PORTS: Readonly<Record<string, number>> = {
  'front door': 8080,
  'scheduler metrics': 9090,
  'kv-index metrics': 9091,
  'autoscaler metrics': 9092,
  'gang-placer metrics': 9093,
  'kv-offload metrics': 9094,
  'scheduler gRPC': 9101,
  'kv-index gRPC': 9102,
  'kv-index HTTP': 9112,
  'autoscaler gRPC': 9103,
  'gang-placer gRPC': 9104,
  'kv-offload gRPC': 9105,
  NATS: 4222,
  Redis: 6379,
  S3: 9000,
  'dev cluster': 6443,
};

/** The suite on this machine: its processes while it runs, the ports it would like while it does not. */
export const checkSuite = (suite: SuiteRecord | undefined): Check => ({
  area: 'suite',
  run: async () => (suite ? runningSuite(suite) : noSuite()),
});

function runningSuite({ supervisor, processes, urls, model, engines }: SuiteRecord): Finding[] {
  const dead = processes.filter((identity) => !isAlive(identity)).map(({ name }) => name);
  const running = ok(
    'running',
    `process ${supervisor.pid} runs ${processes.length} processes and ${engines} engines of ${model} at ${urls.frontDoor}`,
  );
  if (dead.length === 0) return [running];
  const detail = `${dead.join(', ')} ended and ${dead.length === 1 ? 'is' : 'are'} not running now`;
  return [
    running,
    warn('processes', detail, `see ${homeDirectory()}/logs; they are started again by themselves`),
  ];
}

async function noSuite(): Promise<Finding[]> {
  const taken: string[] = [];
  for (const [name, port] of Object.entries(PREFERRED_PORTS))
    if (await isTaken(port)) taken.push(`${port} (${name})`);
  return [
    fail(
      'running',
      `no suite runs in ${homeDirectory()}`,
      'start one with `npm start`, or give addresses (see --help)',
    ),
    taken.length === 0
      ? ok('ports', 'every port that the suite prefers is free')
      : warn(
          'ports',
          `taken: ${taken.join(', ')}`,
          'nothing has to be done: the suite takes the next free ones',
        ),
  ];
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(true));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(false)));
  });
}
