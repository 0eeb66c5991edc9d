import { KubernetesCluster } from '@penstock/cluster';
import type { Cluster } from '@penstock/core/ports';
import { identify, provisionBinaries } from '@penstock/testing';
import { chooseProfile } from './choose-profile.js';
import { laptopManifest } from './laptop-manifest.js';
import { applyAll, customResourceDefinitions } from './manifest.js';
import { freeMemory, prepareHome } from './prepare-home.js';
import { infrastructure, services } from './processes.js';
import { readyEngines } from './ready-engines.js';
import { schedulersKnow } from './schedulers-know.js';
import { type SuiteRecord, SuiteState } from './state.js';
import { maxEngines, NAMESPACE, POOL, type SuiteOptions } from './suite-options.js';
import { chooseSuitePorts, type PortChoice, type SuitePorts } from './suite-ports.js';
import { Supervisor } from './supervisor.js';
import { answers, waitUntil } from './wait-until.js';

export interface Suite {
  readonly record: SuiteRecord;
  readonly ports: SuitePorts;
  readonly supervisor: Supervisor;
  readonly cluster: Cluster;
  /** Stops everything this suite started, and nothing else. */
  stop(): Promise<void>;
}

/** Birth of the gang, start of 64 engines at most on two cores. */
const ENGINES_TIMEOUT_MS = 120_000;

/** A phase of the start, for people. */
export type OnPhase = (message: string) => void;

/**
 * Starts NATS, Redis, the dev cluster, the engines and the services in `home`, and resolves when the front door can
 * route to every engine. Throws one sentence that says what did not start and why; everything is stopped then.
 */
export async function startSuite(
  home: string,
  options: SuiteOptions,
  onPhase: OnPhase,
  signal?: AbortSignal,
  portChoice: PortChoice = 'default',
): Promise<Suite> {
  const profile = chooseProfile(options.gpu, options.model);
  const state = new SuiteState(home);
  await prepareHome(state, onPhase);
  const binaries = await provisionBinaries({ onDownload: onPhase });
  const ports = await chooseSuitePorts(portChoice);
  const record = describe(state, ports, options);
  const supervisor = new Supervisor();
  const cluster = new KubernetesCluster({ kubeconfig: record.kubeconfig, service: 'up' });
  const save = () => state.write({ ...record, processes: supervisor.identities() });
  supervisor.on('started', save);
  const stop = async () => {
    await Promise.all([
      ports.releaseInfrastructure(),
      ports.releaseServices(),
      supervisor.stopAll(),
      cluster.close(),
    ]);
    freeMemory(state);
    state.clear();
  };
  try {
    save();
    onPhase('starting NATS, Redis, S3 and the dev cluster');
    await ports.releaseInfrastructure();
    await Promise.all(
      infrastructure(state, ports, binaries, maxEngines(options) * profile.tp).map((spec) =>
        supervisor.start(spec),
      ),
    );
    await applyAll(cluster, customResourceDefinitions());
    onPhase(`starting ${options.engines} engine${options.engines === 1 ? '' : 's'} and the services`);
    const enginePorts = {
      http: ports.engineHttp,
      kvEvents: ports.engineKvEvents,
      kvReplay: ports.engineKvReplay,
      kvNodeGrpc: ports.kvNodeGrpc,
      kvNodeMetrics: ports.kvNodeMetrics,
      objectStore: ports.objectStore,
    };
    await applyAll(cluster, laptopManifest(options, profile, enginePorts));
    const addresses = {
      natsUrl: record.urls.nats,
      redisUrl: record.urls.redis,
      kubeconfig: record.kubeconfig,
      objectStoreUrl: record.urls.objectStore,
    };
    await ports.releaseServices();
    await Promise.all(services(state, ports, addresses).map((spec) => supervisor.start(spec)));
    await waitUntil(
      'the engines',
      async () => (await readyEngines(cluster, NAMESPACE)) >= options.engines,
      ENGINES_TIMEOUT_MS,
      signal,
    );
    const { schedulerMetrics, kvIndexMetrics, autoscalerMetrics, gangPlacerMetrics, kvOffloadMetrics } =
      record.urls;
    const ready = [
      ...[...schedulerMetrics, kvIndexMetrics, autoscalerMetrics, gangPlacerMetrics, kvOffloadMetrics],
    ].map((url) => `${url}/readyz`);
    await waitUntil(
      'the services',
      async () => (await Promise.all(ready.map(answers))).every(Boolean),
      30_000,
      signal,
    );
    // Ready pods are known to the schedulers after their next look at the engines' metrics.
    await waitUntil('the schedulers', () => schedulersKnow(record, options.engines), 30_000, signal);
    return { record, ports, supervisor, cluster, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function describe(state: SuiteState, ports: SuitePorts, options: SuiteOptions): SuiteRecord {
  const self = identify(process.pid);
  if (!self) throw new Error('this system has no /proc: the suite runs on Linux');
  const http = (port: number) => `http://127.0.0.1:${port}`;
  return {
    supervisor: self,
    processes: [],
    urls: {
      frontDoor: http(ports.frontDoor),
      schedulerGrpc: `127.0.0.1:${ports.schedulerGrpc}`,
      schedulerMetrics: ports.schedulerMetrics.map(http),
      kvIndexGrpc: `127.0.0.1:${ports.kvIndexGrpc}`,
      kvIndexHttp: http(ports.kvIndexHttp),
      kvIndexMetrics: http(ports.kvIndexMetrics),
      autoscalerGrpc: `127.0.0.1:${ports.autoscalerGrpc}`,
      autoscalerMetrics: http(ports.autoscalerMetrics),
      gangPlacerGrpc: `127.0.0.1:${ports.gangPlacerGrpc}`,
      gangPlacerMetrics: http(ports.gangPlacerMetrics),
      kvOffloadGrpc: `127.0.0.1:${ports.kvOffloadGrpc}`,
      kvOffloadMetrics: http(ports.kvOffloadMetrics),
      objectStore: http(ports.objectStore),
      cluster: http(ports.cluster),
      nats: `nats://127.0.0.1:${ports.nats}`,
      redis: `redis://127.0.0.1:${ports.redis}`,
    },
    kubeconfig: state.path('kubeconfig'),
    namespace: NAMESPACE,
    pool: POOL,
    model: options.model,
    gpu: options.gpu,
    speed: options.speed,
    engines: options.engines,
  };
}
