import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, type RunningService, runService } from '@penstock/platform';
import type { TestCluster } from '@penstock/testing';
import { parse, stringify } from 'yaml';
import type { Kubectl } from '../../../../libs/testing/test/chart/kubectl.js';
import { workloadsOf } from '../../../../libs/testing/test/chart/policies/workload.js';
import type { RenderedObject } from '../../../../libs/testing/test/chart/rendered-object.js';
import { AppModule as Autoscaler } from '../../../autoscaler/src/app.module.js';
import { AppModule as GangPlacer } from '../../../gang-placer/src/app.module.js';
import { AppModule as KvIndex } from '../../../kv-index/src/app.module.js';
import { AppModule as KvOffload } from '../../../kv-offload/src/app.module.js';
import { httpOptions } from '../../../scheduler/src/api/openai/http-options.js';
import { AppModule as Scheduler } from '../../../scheduler/src/app.module.js';
import { podEnvironment } from './pod-environment.js';
import { SERVICE_CONFIGS } from './service-configs.js';

const NAMESPACE = 'penstock';
const DEFINITIONS = {
  autoscaler: { module: Autoscaler, grpc: { services: ['autoscaler'] } },
  'gang-placer': { module: GangPlacer, grpc: { services: ['gangplacer'] } },
  'kv-index': { module: KvIndex, grpc: { services: ['kvindex'] } },
  'kv-offload': { module: KvOffload, grpc: { services: ['kvoffload'] } },
  scheduler: { module: Scheduler, grpc: { services: ['scheduler'] }, http: httpOptions },
} as const;
export type ServiceName = keyof typeof DEFINITIONS;

/**
 * The services of a release in this process: each with the environment of its container and the service account of its
 * pod, as if the pods of the release ran. Their ports are free ones of this machine.
 */
export class ServicesOfRelease {
  private readonly folder = mkdtempSync(join(tmpdir(), 'penstock-release-'));
  private readonly running: RunningService[] = [];

  constructor(
    private readonly objects: readonly RenderedObject[],
    private readonly cluster: TestCluster,
    private readonly kubectl: Kubectl,
  ) {}

  /** @param flags settings that make the service quick, besides those of its container */
  async start(name: ServiceName, flags: readonly string[] = []): Promise<RunningService> {
    const workload = workloadsOf(this.objects).find(
      ({ object }) => object.metadata.name === `penstock-${name}`,
    );
    const container = workload?.pod.containers[0];
    const config = SERVICE_CONFIGS[name];
    const account = workload?.pod.serviceAccountName;
    if (!container || !config || !account) throw new Error(`the release has no ${name}`);
    const fields = { 'metadata.name': `penstock-${name}-0`, 'metadata.namespace': NAMESPACE };
    const ports = (container.ports ?? []).map((port) => `--${port.name}-port=0`);
    const local = [
      '--host=127.0.0.1',
      '--log-level=silent',
      `--kubeconfig=${await this.kubeconfigOf(account)}`,
    ];
    const loaded = loadConfig(config, [...ports, ...local, ...flags], podEnvironment(container, { fields }));
    const definition = { config, ...DEFINITIONS[name] } as unknown as Parameters<typeof runService>[0];
    const service = await runService(definition, loaded as Parameters<typeof runService>[1]);
    this.running.push(service);
    return service;
  }

  async stop(): Promise<void> {
    for (const service of this.running.splice(0).reverse()) await service.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async kubeconfigOf(account: string): Promise<string> {
    const token = (await this.kubectl.ok('create', 'token', account, '-n', NAMESPACE)).trim();
    const config = parse(this.cluster.kubeconfig) as { users: { name: string }[] };
    const users = config.users.map(({ name }) => ({ name, user: { token } }));
    const path = join(this.folder, `${account}.kubeconfig`);
    writeFileSync(path, stringify({ ...config, users }), { mode: 0o600 });
    return path;
  }
}
