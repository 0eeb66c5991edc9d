import { isAlive } from '../../process/process-identity.js';
import { deleteObject } from '../api/delete-object.js';
import { writePodStatus } from '../api/write-pod-status.js';
import { recordEvent } from '../controllers/event-recorder.js';
import { reportFault } from '../controllers/report-fault.js';
import { ApiError } from '../object/api-error.js';
import type { ApiObject } from '../object/api-object.js';
import { timestamp } from '../object/timestamp.js';
import { ContainerConfigError } from './container-config-error.js';
import type { ContainerRecord } from './container-record.js';
import type { RestartPolicy } from './container-state.js';
import { ContainerWorker } from './container-worker.js';
import type { KubeletTools } from './kubelet-tools.js';
import { arePortsFree } from './pod-addresses.js';
import {
  type ContainerSpec,
  containerPorts,
  containersOf,
  initContainersOf,
  isFinished,
  listOf,
} from './pod-spec.js';
import { podStatus } from './pod-status.js';

/** How long pods get to stop when the whole dev cluster stops. */
const SHUTDOWN_GRACE_MS = 10_000;
const ADDRESS_RETRY_MS = 5000;

/** Runs one pod on a simulated node and keeps its status true. */
export class PodWorker {
  private readonly records: Map<string, ContainerRecord>;
  private readonly wasReady: ReadonlySet<string>;
  private readonly startTime: string;
  private readonly initContainers: ContainerWorker[] = [];
  private containers: ContainerWorker[] = [];
  private podIp: string | undefined;
  private isEnding = false;
  private isStatusDue = false;
  private endGraceMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly tools: KubeletTools,
    private pod: ApiObject,
  ) {
    this.records = tools.records.read(pod.metadata.uid);
    const statuses = listOf(pod.status?.['containerStatuses']);
    this.wasReady = new Set(statuses.filter((s) => s['ready'] === true).map((s) => String(s['name'])));
    this.startTime = String(pod.status?.['startTime'] ?? timestamp());
  }

  /** Starts the containers, or takes over those that still run. */
  begin(): void {
    const isRunning = [...this.records.values()].some(({ identity }) => isAlive(identity));
    const knownIp = this.pod.status?.['podIP'];
    if (isRunning && typeof knownIp === 'string') {
      this.podIp = knownIp;
      this.advance();
      if (this.pod.metadata.deletionTimestamp) this.end();
    } else if (this.pod.metadata.deletionTimestamp) this.end();
    else if (!isFinished(this.pod)) void this.beginAnew(typeof knownIp === 'string' ? knownIp : undefined);
  }

  /** The object has changed. */
  update(pod: ApiObject): void {
    this.pod = pod;
    if (pod.metadata.deletionTimestamp) this.end();
    else {
      const specs = containersOf(pod);
      for (const [i, worker] of this.containers.entries()) worker.changeImage(specs[i]?.image ?? '');
      this.refreshVolumes();
    }
  }

  /** The object is gone, whether or not its processes have been asked to stop. */
  async removed(): Promise<void> {
    this.isEnding = true;
    await this.stopContainers(0);
    this.cleanUp();
  }

  /** Stops the processes and leaves the object, so that the next dev cluster starts them again. */
  async shutdown(): Promise<void> {
    this.isEnding = true;
    const ownMs = Number(this.pod.spec?.['terminationGracePeriodSeconds'] ?? 30) * 1000;
    await this.stopContainers(Math.min(ownMs, SHUTDOWN_GRACE_MS));
    this.writeStatus();
  }

  /** Files of volumes say what the API says now; those of a pod that has not begun come with its first container. */
  refreshVolumes(): void {
    if (!this.podIp || isFinished(this.pod)) return;
    try {
      this.tools.volumes.write({ pod: this.pod, podIp: this.podIp, store: this.tools.state.store });
    } catch (error) {
      // What a volume refers to wrongly is told where the container is started.
      if (!(error instanceof ContainerConfigError)) {
        reportFault('kubelet', `volumes of pod ${this.pod.metadata.name}`, error);
      }
    }
  }

  capLogs(): void {
    for (const worker of this.containers) worker.capLog();
  }

  private async beginAnew(knownIp: string | undefined): Promise<void> {
    const ports = containerPorts(this.pod);
    try {
      if (knownIp && (await arePortsFree(knownIp, ports))) this.podIp = knownIp;
      else {
        this.podIp = await this.tools.addresses.allocate(ports);
        if (knownIp) this.tools.addresses.release(knownIp);
      }
    } catch (error) {
      const message = (error as Error).message;
      const event = {
        type: 'Warning',
        reason: 'FailedCreatePodSandBox',
        message,
        component: 'kubelet',
      } as const;
      recordEvent(this.tools.state, this.pod, event);
      setTimeout(() => {
        if (!this.isEnding) void this.beginAnew(knownIp);
      }, ADDRESS_RETRY_MS).unref();
      return;
    }
    if (!this.isEnding) this.advance();
  }

  /** Starts what may start now: init containers one after another, then all others. */
  private advance(): void {
    const inits = initContainersOf(this.pod);
    while (
      !this.isEnding &&
      this.isInitialized(this.initContainers.length) &&
      this.initContainers.length < inits.length
    ) {
      this.initContainers.push(this.run(inits[this.initContainers.length] as ContainerSpec, true));
    }
    if (this.isInitialized(inits.length) && this.containers.length === 0 && !this.isEnding) {
      this.containers = containersOf(this.pod).map((spec) => this.run(spec, false));
    }
    this.statusDue();
  }

  /** Whether the first `count` init containers are through: ended well, or sidecars that run. */
  private isInitialized(count: number): boolean {
    return (
      this.initContainers.length >= count &&
      this.initContainers
        .slice(0, count)
        .every(({ view: { spec, state, isStarted } }) =>
          spec['restartPolicy'] === 'Always'
            ? isStarted
            : state.type === 'terminated' && state.termination.exitCode === 0,
        )
    );
  }

  private run(spec: ContainerSpec, isInit: boolean): ContainerWorker {
    const worker = new ContainerWorker(this.tools, {
      pod: this.pod,
      spec,
      policy: isInit ? this.initPolicy(spec) : this.policy,
      podIp: this.podIp ?? '',
      isInit,
      onChange: () => setImmediate(() => this.advance()),
    });
    worker.begin(this.records.get(spec.name), this.wasReady.has(spec.name));
    return worker;
  }

  get namespace(): string | undefined {
    return this.pod.metadata.namespace;
  }

  private get policy(): RestartPolicy {
    return this.pod.spec?.['restartPolicy'] as RestartPolicy;
  }

  private initPolicy(spec: ContainerSpec): RestartPolicy {
    if (spec['restartPolicy'] === 'Always') return 'Always';
    return this.policy === 'Never' ? 'Never' : 'OnFailure';
  }

  private end(): void {
    this.isEnding = true;
    const graceMs = (this.pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000;
    // Every status write comes back as an update; only a shorter grace starts anything anew.
    if (graceMs >= this.endGraceMs) return;
    this.endGraceMs = graceMs;
    this.stopContainers(graceMs)
      .then(() => this.finishDeletion())
      .catch((error: unknown) => reportFault('kubelet', `deletion of pod ${this.pod.metadata.name}`, error));
  }

  private async stopContainers(graceMs: number): Promise<void> {
    await Promise.all(this.containers.map((worker) => worker.stop(graceMs)));
    await Promise.all(this.initContainers.map((worker) => worker.stop(graceMs)));
  }

  private finishDeletion(): void {
    const { namespace, name, uid } = this.pod.metadata;
    const target = { ...this.tools.state.registry.stored('pods'), namespace };
    try {
      deleteObject(this.tools.state, target, name, { gracePeriodSeconds: 0, preconditions: { uid } });
    } catch (error) {
      // Gone already, or replaced by another pod of this name.
      if (!(error instanceof ApiError && (error.code === 404 || error.code === 409))) throw error;
    }
  }

  private cleanUp(): void {
    this.tools.records.remove(this.pod.metadata.uid);
    this.tools.logs.remove(this.pod);
    this.tools.volumes.remove(this.pod.metadata.uid);
    if (this.podIp) this.tools.addresses.release(this.podIp);
  }

  /** Several changes in one turn make one write. */
  private statusDue(): void {
    if (this.isStatusDue) return;
    this.isStatusDue = true;
    setImmediate(() => {
      this.isStatusDue = false;
      this.writeStatus();
    });
  }

  private writeStatus(): void {
    const { pod, podIp, startTime, policy, tools } = this;
    const current = tools.state.store.get('pods', pod.metadata.namespace, pod.metadata.name);
    if (
      current?.metadata.uid !== pod.metadata.uid ||
      this.containers.length + this.initContainers.length === 0
    )
      return;
    const status = podStatus({
      pod: current,
      podIp,
      startTime,
      policy,
      initContainers: this.initContainers.map((worker) => worker.view),
      isInitialized: this.isInitialized(initContainersOf(pod).length),
      containers:
        this.containers.length > 0
          ? this.containers.map((worker) => worker.view)
          : containersOf(pod).map(notYetStarted),
    });
    try {
      writePodStatus(tools.state, pod, status, 'kubelet');
    } catch (error) {
      reportFault('kubelet', `status of pod ${pod.metadata.namespace}/${pod.metadata.name}`, error);
    }
  }
}

const notYetStarted = (spec: ContainerSpec) => ({
  spec,
  state: { type: 'waiting', reason: 'PodInitializing' } as const,
  restartCount: 0,
  isReady: false,
  isStarted: false,
});
