import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterState } from '../api/cluster-state.js';
import { readObject } from '../api/read-object.js';
import type { PodLogs } from '../http/pod-logs.js';
import type { ApiObject } from '../object/api-object.js';
import { refuse } from '../object/refusals.js';
import type { StoreEvent } from '../storage/event.js';
import { ContainerLogs } from './container-logs.js';
import { signalGroup } from './container-process.js';
import { ContainerRecords } from './container-record.js';
import { ensureNodes, isSimulatedNode } from './ensure-nodes.js';
import { HostPaths } from './host-paths.js';
import type { KubeletConfig } from './kubelet-config.js';
import type { KubeletTools } from './kubelet-tools.js';
import { PodAddresses } from './pod-addresses.js';
import { containersOf, initContainersOf, listOf } from './pod-spec.js';
import { PodVolumes } from './pod-volumes.js';
import { PodWorker } from './pod-worker.js';
import { isVirtualNode } from './virtual-nodes.js';

const LOG_CAP_INTERVAL_MS = 30_000;

/** Runs the pods bound to the simulated nodes as processes of this machine. */
export class Kubelet implements PodLogs {
  private readonly tools: KubeletTools;
  private readonly workers = new Map<string, PodWorker>();
  private unsubscribe: () => void = () => undefined;
  private logTimer: NodeJS.Timeout | undefined;

  /** @throws Error when the pod address range cannot be used */
  constructor(
    private readonly state: ClusterState,
    config: KubeletConfig,
  ) {
    this.tools = {
      state,
      config,
      records: new ContainerRecords(join(config.dataDir, 'pods')),
      logs: new ContainerLogs(join(config.dataDir, 'logs')),
      addresses: new PodAddresses(config.podCidr),
      volumes: new PodVolumes(join(config.dataDir, 'volumes'), new HostPaths(config.dataDir)),
    };
  }

  /** Takes over what an earlier dev cluster left running, then follows the pods. */
  start(): void {
    ensureNodes(this.state, this.tools.config);
    const pods = this.state.store.list('pods');
    for (const pod of pods) {
      const ip = pod.status?.['podIP'];
      if (typeof ip === 'string') this.tools.addresses.keep(ip);
    }
    this.endOrphans(new Set(pods.map((pod) => pod.metadata.uid)));
    for (const pod of pods) this.consider(pod);
    this.unsubscribe = this.state.store.subscribe((event) => this.onEvent(event));
    this.logTimer = setInterval(() => {
      for (const worker of this.workers.values()) worker.capLogs();
    }, LOG_CAP_INTERVAL_MS);
    this.logTimer.unref();
  }

  /** Stops every pod's processes; their objects stay. */
  async stop(): Promise<void> {
    this.unsubscribe();
    clearInterval(this.logTimer);
    await Promise.all([...this.workers.values()].map((worker) => worker.shutdown()));
  }

  logFile(namespace: string, name: string, container: string | undefined, previous: boolean): string {
    const pod = readObject(this.state, { ...this.state.registry.stored('pods'), namespace }, name);
    const node = this.state.store.get('nodes', undefined, String(pod.spec?.['nodeName'] ?? ''));
    if (isVirtualNode(node)) throw refuse.badRequest(`pod ${name} is on a virtual node and prints nothing`);
    const names = [...containersOf(pod), ...initContainersOf(pod)].map((c) => c.name);
    const chosen = container ?? names[0] ?? '';
    if (!names.includes(chosen)) throw refuse.badRequest(`container ${chosen} is not valid for pod ${name}`);
    const status = ['containerStatuses', 'initContainerStatuses']
      .flatMap((field) => listOf(pod.status?.[field]))
      .find((s) => s['name'] === chosen);
    const restarts = Number(status?.['restartCount'] ?? 0) - (previous ? 1 : 0);
    const path = this.tools.logs.path(pod, chosen, restarts);
    if (existsSync(path)) return path;
    const why = previous ? 'has no previous run' : 'is waiting to start';
    throw refuse.badRequest(`container "${chosen}" in pod "${name}" ${why}`);
  }

  /** Processes of pods that no longer exist have no one to answer to. */
  private endOrphans(uids: ReadonlySet<string>): void {
    for (const uid of this.tools.records.podUids()) {
      if (uids.has(uid)) continue;
      for (const { identity } of this.tools.records.read(uid).values()) signalGroup(identity, 'SIGKILL');
      this.tools.records.remove(uid);
    }
    for (const uid of this.tools.volumes.podUids()) if (!uids.has(uid)) this.tools.volumes.remove(uid);
  }

  private onEvent({ resource, type, object }: StoreEvent): void {
    if (resource === 'configmaps' || resource === 'secrets') {
      for (const worker of this.workers.values())
        if (worker.namespace === object.metadata.namespace) worker.refreshVolumes();
    }
    if (resource !== 'pods') return;
    if (type !== 'DELETED') {
      this.consider(object);
      return;
    }
    const worker = this.workers.get(object.metadata.uid);
    this.workers.delete(object.metadata.uid);
    void worker?.removed();
  }

  private consider(pod: ApiObject): void {
    const known = this.workers.get(pod.metadata.uid);
    if (known) {
      known.update(pod);
      return;
    }
    const node = this.state.store.get('nodes', undefined, String(pod.spec?.['nodeName'] ?? ''));
    if (!node || !isSimulatedNode(node)) return;
    const worker = new PodWorker(this.tools, pod);
    this.workers.set(pod.metadata.uid, worker);
    worker.begin();
  }
}
