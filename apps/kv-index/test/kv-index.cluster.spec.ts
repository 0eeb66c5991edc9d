import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KubernetesCluster } from '@penstock/cluster';
import {
  CUSTOM_RESOURCES,
  customResourceDefinition,
  inferencePoolKind,
  namespaceKind,
  podKind,
} from '@penstock/contracts';
import type { ClusterObject, ResourceKind } from '@penstock/core/ports';
import { loadConfig, type RunningService, runService, systemClock } from '@penstock/platform';
import {
  FakeBlockStore,
  FakeEventBus,
  installDefinitions,
  startTestCluster,
  type TestCluster,
  until,
} from '@penstock/testing';
import { HttpEngineProbe } from '../src/adapters/http-engine-probe.js';
import { ZmqEngineStreams } from '../src/adapters/zmq-engine-streams.js';
import type { EngineTracker } from '../src/application/track-engines.js';
import { config } from '../src/config.js';
import { IndexModule, providePorts } from '../src/index.module.js';
import { TRACKER } from '../src/injection-tokens.js';
import { RealEngine } from './real-engine.js';

const NAMESPACE = 'kv';
/** A real server serves a new kind a few seconds after its definition was accepted. */
const PATIENCE_MS = 60_000;

describe('kv-index on a cluster', () => {
  let api: TestCluster;
  let cluster: KubernetesCluster;
  let engine: RealEngine;
  let service: RunningService;

  beforeAll(async () => {
    [api, engine] = await Promise.all([
      startTestCluster(),
      RealEngine.start({ layout: 'map', hashes: 'bytes' }),
    ]);
    cluster = new KubernetesCluster({ service: 'test', kubeconfig: api.kubeconfigPath });
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
    await cluster.create(namespaceKind, namespace);
    // The service comes first: kinds that are not there yet must not disturb it.
    service = await start();
    const pools = CUSTOM_RESOURCES.filter(({ resource }) => resource === inferencePoolKind);
    await installDefinitions(cluster, pools.map(customResourceDefinition));
  }, 120_000);

  afterAll(async () => {
    await service?.stop();
    await cluster?.close();
    await engine?.stop();
    await api?.stop();
  }, 60_000);

  function start(): Promise<RunningService> {
    const ports = providePorts(({ logger }) => {
      const watched = new KubernetesCluster({ service: 'kv-index', kubeconfig: api.kubeconfigPath });
      return {
        cluster: watched,
        bus: new FakeEventBus(),
        store: new FakeBlockStore(),
        clock: systemClock,
        streams: new ZmqEngineStreams('', logger),
        probe: new HttpEngineProbe(),
        close: () => watched.close(),
      };
    });
    const loaded = loadConfig(config, ['--grpc-port=0', '--metrics-port=0', '--log-level=silent'], {});
    return runService(
      { config, module: IndexModule.with(ports), grpc: { services: ['kvindex'] } },
      loaded as never,
    );
  }

  const tracked = () => service.get<EngineTracker>(TRACKER).get(`${NAMESPACE}/a`);

  /** A pod on a node that nothing runs, so that the test is its kubelet. */
  async function createPod(): Promise<void> {
    const ports = [
      { containerPort: engine.httpPort },
      { name: 'kv-events', containerPort: engine.eventsPort },
      { name: 'kv-replay', containerPort: engine.replayPort },
    ];
    await cluster.create(podKind, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: NAMESPACE, name: 'a', labels: { app: 'engine' } },
      spec: {
        schedulerName: 'nobody',
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'engine', image: 'none', ports }],
      },
    });
    const now = new Date().toISOString();
    await cluster.mergePatch(
      podKind,
      NAMESPACE,
      'a',
      {
        status: {
          phase: 'Running',
          podIP: '127.0.0.1',
          podIPs: [{ ip: '127.0.0.1' }],
          startTime: now,
          conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: now }],
        },
      },
      { subresource: 'status' },
    );
  }

  it('finds an engine through the pool that selects its pod, and follows its cache', async () => {
    await until(async () => {
      const pool = {
        apiVersion: 'inference.networking.k8s.io/v1',
        kind: 'InferencePool',
        metadata: { namespace: NAMESPACE, name: 'pool' },
        spec: {
          selector: { matchLabels: { app: 'engine' } },
          targetPorts: [{ number: engine.httpPort }],
          endpointPickerRef: { name: 'epp', port: { number: 9002 } },
        },
      };
      await cluster.create(inferencePoolKind as ResourceKind, pool as ClusterObject).catch(() => undefined);
      return (await cluster.get(inferencePoolKind as ResourceKind, NAMESPACE, 'pool')) !== undefined;
    }, PATIENCE_MS);
    await createPod();
    await until(() => tracked()?.state === 'live', PATIENCE_MS);
    engine.store('abc');
    await until(() => tracked()?.cache?.publishedEngineSequence === engine.lastSequence, PATIENCE_MS);
    const blocks = tracked()?.cache?.publishedBlocks()[0];
    expect(engine.hashes()).toHaveLength(3);
    expect([...(blocks?.engineHashes ?? [])].sort()).toEqual(engine.hashes());
  }, 150_000);

  it('goes on while the API is away, and catches up', async () => {
    await api.killApi();
    engine.store('abcd');
    await until(() => tracked()?.cache?.publishedEngineSequence === engine.lastSequence, PATIENCE_MS);
    expect(tracked()?.state).toBe('live');
    await api.startApi();
    await until(
      () =>
        cluster.probe().then(
          () => true,
          () => false,
        ),
      PATIENCE_MS,
    );
    await cluster.delete(podKind, NAMESPACE, 'a', { gracePeriodSeconds: 0 });
    await until(() => tracked() === undefined, PATIENCE_MS);
  }, 200_000);
});
