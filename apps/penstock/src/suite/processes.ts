import { mkdirSync, readFileSync } from 'node:fs';
import type { ProvisionedBinaries } from '@penstock/testing';
import { natsCommand, redisCommand } from '@penstock/testing';
import { answersRedis, greetsAsNats } from './probes.js';
import type { SuiteState } from './state.js';
import type { SuitePorts } from './suite-ports.js';
import type { ProcessSpec } from './supervisor.js';
import { answers } from './wait-until.js';
import { appEntry, devClusterEntry } from './workspace.js';

export interface SuiteAddresses {
  readonly natsUrl: string;
  readonly redisUrl: string;
  readonly kubeconfig: string;
}

const GPUS_PER_NODE = 8;
/** Every listener of the suite is on loopback. */
const HOST = '127.0.0.1';

/** nats-server, redis-server and the dev cluster: what the services talk to. */
export function infrastructure(
  state: SuiteState,
  ports: SuitePorts,
  binaries: ProvisionedBinaries,
  gpus: number,
): ProcessSpec[] {
  for (const folder of ['nats', 'redis', 'cluster']) mkdirSync(state.path(folder), { recursive: true });
  return [
    {
      name: 'nats',
      ...natsCommand(binaries, { port: ports.nats, dataDir: state.path('nats') }),
      logFile: state.path('logs', 'nats.log'),
      ready: () => greetsAsNats(ports.nats),
      stopOrder: 0,
    },
    {
      name: 'redis',
      ...redisCommand(binaries, { port: ports.redis, dataDir: state.path('redis') }),
      logFile: state.path('logs', 'redis.log'),
      ready: () => answersRedis(ports.redis),
      stopOrder: 0,
    },
    {
      name: 'dev-cluster',
      command: process.execPath,
      args: [
        devClusterEntry,
        ...['--data-dir', state.path('cluster'), '--host', HOST, '--port', String(ports.cluster)],
        ...[
          '--nodes',
          String(Math.ceil(gpus / GPUS_PER_NODE)),
          '--gpus-per-node',
          String(GPUS_PER_NODE),
          '--pod-cidr',
          ports.podCidr,
        ],
        ...['--image', `penstock/engine-sim=${JSON.stringify([process.execPath, appEntry('engine-sim')])}`],
        ...['--kubeconfig', state.path('kubeconfig')],
      ],
      logFile: state.path('logs', 'dev-cluster.log'),
      ready: async () =>
        readFileSync(state.path('kubeconfig')).length > 0 &&
        (await answers(`http://${HOST}:${ports.cluster}/readyz`)),
      stopOrder: 1,
    },
  ];
}

/** The control plane's own services. */
export function services(state: SuiteState, ports: SuitePorts, addresses: SuiteAddresses): ProcessSpec[] {
  const common = ['--nats-url', addresses.natsUrl, '--kubeconfig', addresses.kubeconfig];
  const scheduler = (instance: number, metricsPort: number): ProcessSpec => ({
    name: `scheduler-${instance}`,
    command: process.execPath,
    args: [
      appEntry('scheduler'),
      ...common,
      ...[
        '--instance',
        `scheduler-${instance}`,
        '--http-port',
        String(ports.frontDoor),
        '--grpc-port',
        String(ports.schedulerGrpc),
      ],
      ...['--metrics-port', String(metricsPort)],
    ],
    logFile: state.path('logs', `scheduler-${instance}.log`),
    ready: () => answers(`http://${HOST}:${metricsPort}/healthz`),
    stopOrder: 3,
  });
  return [
    {
      name: 'kv-index',
      command: process.execPath,
      args: [
        appEntry('kv-index'),
        ...common,
        ...[
          '--redis-url',
          addresses.redisUrl,
          '--grpc-port',
          String(ports.kvIndexGrpc),
          '--metrics-port',
          String(ports.kvIndexMetrics),
        ],
      ],
      logFile: state.path('logs', 'kv-index.log'),
      ready: () => answers(`http://${HOST}:${ports.kvIndexMetrics}/healthz`),
      stopOrder: 2,
    },
    scheduler(0, ports.schedulerMetrics[0]),
    scheduler(1, ports.schedulerMetrics[1]),
  ];
}
