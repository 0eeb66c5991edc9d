import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { ProvisionedBinaries } from '@penstock/testing';
import { natsCommand, redisCommand, S3_SERVER_CREDENTIALS, s3ServerCommand } from '@penstock/testing';
import { answersRedis, greetsAsNats } from './probes.js';
import type { SuiteState } from './state.js';
import { NAMESPACE } from './suite-options.js';
import type { SuitePorts } from './suite-ports.js';
import type { ProcessSpec } from './supervisor.js';
import { answers, answersHttp } from './wait-until.js';
import { appEntry, devClusterEntry, startupGateEntry } from './workspace.js';

export interface SuiteAddresses {
  readonly natsUrl: string;
  readonly redisUrl: string;
  readonly kubeconfig: string;
  readonly objectStoreUrl: string;
}

const GPUS_PER_NODE = 8;
/** A killed leader is replaced by its own restart: nothing is gained by waiting for as long as in a cluster. */
const LEASE_MS = 5000;
/** A person who watches a ramp does not want to wait a minute for each engine that goes. */
const DOWN_WINDOW_MS = 20_000;
const BUCKET = 'penstock';
/** The one that the kv-nodes of deploy/examples/laptop.yaml have. */
const S3_PREFIX = 'penstock';
/** A laptop's disk is not for KV blocks alone. */
const S3_CAPACITY_BYTES = 2 * 1024 ** 3;
/** Every listener of the suite is on loopback. */
const HOST = '127.0.0.1';

/** nats-server, redis-server, the S3 server and the dev cluster: what the services talk to. */
export function infrastructure(
  state: SuiteState,
  ports: SuitePorts,
  binaries: ProvisionedBinaries,
  gpus: number,
): ProcessSpec[] {
  for (const folder of ['nats', 'redis', 's3', 'cluster']) mkdirSync(state.path(folder), { recursive: true });
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
      name: 's3',
      ...s3ServerCommand({ port: ports.objectStore, dataDir: state.path('s3'), bucket: BUCKET }),
      logFile: state.path('logs', 's3.log'),
      ready: () => answersHttp(`http://${HOST}:${ports.objectStore}/`),
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
        ...imageFlags(),
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

/** Engines of every make are simulated; kv-node and the gate that holds pods back until it is their turn are real. */
function imageFlags(): string[] {
  const engine = [process.execPath, appEntry('engine-sim')];
  const images: Record<string, string[]> = {
    'penstock/engine-sim': engine,
    'vllm/vllm-openai': engine,
    'nvcr.io/nvidia/ai-dynamo/vllm-runtime': engine,
    'penstock/startup-gate': [process.execPath, startupGateEntry],
    'penstock/kv-node': [process.execPath, appEntry('kv-node')],
  };
  return Object.entries(images).flatMap(([image, command]) => [
    '--image',
    `${image}=${JSON.stringify(command)}`,
  ]);
}

/** The key that the small S3 server knows, as the files that services read keys from. */
function s3Credentials(state: SuiteState): string[] {
  const folder = state.path('s3-credentials');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { accessKeyId, secretAccessKey } = S3_SERVER_CREDENTIALS;
  const write = (name: string, text: string): string => {
    const path = state.path('s3-credentials', name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  return [
    ...['--s3-access-key-id-file', write('access-key-id', accessKeyId)],
    ...['--s3-secret-access-key-file', write('secret-access-key', secretAccessKey)],
  ];
}

/** The control plane's own services. */
export function services(state: SuiteState, ports: SuitePorts, addresses: SuiteAddresses): ProcessSpec[] {
  const common = ['--nats-url', addresses.natsUrl, '--kubeconfig', addresses.kubeconfig];
  const service = (
    app: string,
    stopOrder: number,
    listeners: { grpc: number; metrics: number },
    more: readonly string[],
    name = app,
  ): ProcessSpec => ({
    name,
    command: process.execPath,
    args: [
      appEntry(app),
      ...common,
      ...['--grpc-port', String(listeners.grpc), '--metrics-port', String(listeners.metrics)],
      ...more,
    ],
    logFile: state.path('logs', `${name}.log`),
    ready: () => answers(`http://${HOST}:${listeners.metrics}/healthz`),
    stopOrder,
  });
  const leader = ['--lease-namespace', NAMESPACE, '--lease-duration-ms', String(LEASE_MS)];
  const scheduler = (instance: number, metrics: number): ProcessSpec =>
    service(
      'scheduler',
      3,
      { grpc: ports.schedulerGrpc, metrics },
      ['--instance', `scheduler-${instance}`, '--http-port', String(ports.frontDoor)],
      `scheduler-${instance}`,
    );
  return [
    service('kv-index', 2, { grpc: ports.kvIndexGrpc, metrics: ports.kvIndexMetrics }, [
      ...['--http-port', String(ports.kvIndexHttp)],
      ...['--redis-url', addresses.redisUrl],
      ...['--storage-events', 'forward'],
    ]),
    service('kv-offload', 2, { grpc: ports.kvOffloadGrpc, metrics: ports.kvOffloadMetrics }, [
      ...leader,
      ...['--s3-endpoint', addresses.objectStoreUrl, '--s3-bucket', BUCKET, '--s3-prefix', S3_PREFIX],
      ...['--s3-capacity-bytes', String(S3_CAPACITY_BYTES)],
      ...s3Credentials(state),
    ]),
    service('gang-placer', 2, { grpc: ports.gangPlacerGrpc, metrics: ports.gangPlacerMetrics }, leader),
    service('autoscaler', 2, { grpc: ports.autoscalerGrpc, metrics: ports.autoscalerMetrics }, [
      ...leader,
      '--down-window-ms',
      String(DOWN_WINDOW_MS),
    ]),
    scheduler(0, ports.schedulerMetrics[0]),
    scheduler(1, ports.schedulerMetrics[1]),
  ];
}
