import { randomBytes } from 'node:crypto';
import { type EventText, recordEvent } from '../controllers/event-recorder.js';
import type { ApiObject } from '../object/api-object.js';
import { timestamp } from '../object/timestamp.js';
import { containerCommand, type ProcessCommand } from './container-command.js';
import { ContainerConfigError } from './container-config-error.js';
import { ContainerProbes } from './container-probes.js';
import { ContainerProcess, type Exit, UNKNOWN_EXIT } from './container-process.js';
import type { ContainerRecord, Termination } from './container-record.js';
import {
  type ContainerState,
  type ContainerView,
  type RestartPolicy,
  restartsAfter,
} from './container-state.js';
import { findImageCommand } from './image-commands.js';
import type { KubeletTools } from './kubelet-tools.js';
import { MountError } from './mount-error.js';
import type { ContainerSpec } from './pod-spec.js';
import { RestartBackoff } from './restart-backoff.js';

const CONFIG_RETRY_MS = 2000;

export interface ContainerWorkerOptions {
  readonly pod: ApiObject;
  spec: ContainerSpec;
  readonly policy: RestartPolicy;
  readonly podIp: string;
  readonly isInit: boolean;
  readonly onChange: () => void;
}

/** Keeps one container of a pod running as its restart policy says. */
export class ContainerWorker {
  private state: ContainerState = { type: 'waiting', reason: 'ContainerCreating' };
  private lastTermination: Termination | undefined;
  private restartCount = 0;
  private containerId: string | undefined;
  private startedAt = '';
  private isReady = false;
  private isStarted = false;
  private process: ContainerProcess | undefined;
  private probes: ContainerProbes | undefined;
  private restartTimer: NodeJS.Timeout | undefined;
  private killTimer: NodeJS.Timeout | undefined;
  private onStopped: (() => void) | undefined;
  private readonly backoff = new RestartBackoff();

  constructor(
    private readonly tools: KubeletTools,
    private readonly options: ContainerWorkerOptions,
  ) {}

  get view(): ContainerView {
    const { state, lastTermination, restartCount, isReady, isStarted, containerId } = this;
    return { spec: this.options.spec, state, lastTermination, restartCount, isReady, isStarted, containerId };
  }

  /** Begins, or goes on where a dev cluster that is gone left off. */
  begin(record: ContainerRecord | undefined, wasReady: boolean): void {
    if (!record) {
      this.launch();
      return;
    }
    this.restartCount = record.restartCount;
    this.lastTermination = record.lastTermination;
    this.containerId = record.containerId;
    this.startedAt = record.startedAt;
    if (record.termination) {
      this.afterExit(record.termination, 0);
      return;
    }
    this.process = ContainerProcess.adopt(record.identity, (exit) => this.exited(exit));
    if (!this.process) {
      this.exited(UNKNOWN_EXIT);
      return;
    }
    this.isReady = wasReady;
    this.running();
  }

  /**
   * Ends the container for good: SIGTERM, then SIGKILL when the grace is over. A later call can shorten the grace.
   *
   * @returns when the process is gone
   */
  stop(graceMs: number): Promise<void> {
    clearTimeout(this.restartTimer);
    this.probes?.stop();
    if (!this.process) return Promise.resolve();
    this.terminate(graceMs);
    return new Promise((resolve) => {
      const previous = this.onStopped;
      this.onStopped = () => {
        previous?.();
        resolve();
      };
    });
  }

  /** Runs another image in place of this one. */
  changeImage(image: string): void {
    if (image === this.options.spec.image || this.onStopped) return;
    this.options.spec = { ...this.options.spec, image };
    this.tell({
      type: 'Normal',
      reason: 'Killing',
      message: `Container ${this.options.spec.name} definition changed, will be restarted`,
    });
    this.probes?.stop();
    if (this.process) this.terminate(this.graceMs);
    else if (this.state.type === 'waiting') {
      clearTimeout(this.restartTimer);
      this.launch();
    }
  }

  capLog(): void {
    if (this.process) this.tools.logs.cap(this.options.pod, this.options.spec.name, this.restartCount);
  }

  private launch(): void {
    const command = this.prepare();
    if (!command) {
      this.options.onChange();
      return;
    }
    const { pod, spec } = this.options;
    const { logs, records } = this.tools;
    this.containerId = randomBytes(32).toString('hex');
    this.startedAt = timestamp();
    logs.dropOld(pod, spec.name, this.restartCount);
    const logPath = logs.path(pod, spec.name, this.restartCount);
    const started = ContainerProcess.start(command, logPath, (exit) => this.exited(exit));
    if (!(started instanceof ContainerProcess)) {
      this.exited(started);
      return;
    }
    this.process = started;
    records.write(pod.metadata.uid, spec.name, this.record(started));
    this.tell({ type: 'Normal', reason: 'Started', message: `Started container ${spec.name}` });
    this.running();
  }

  /** The command to run; undefined, with the reason in the state, when there is none. */
  private prepare(): ProcessCommand | undefined {
    const { pod, spec, podIp } = this.options;
    const image = findImageCommand(this.tools.config.images, spec.image);
    if (!image) {
      const message = `Container image "${spec.image}" is not present: the dev cluster has no --image mapping for it`;
      this.state = { type: 'waiting', reason: 'ErrImageNeverPull', message };
      this.tell({ type: 'Warning', reason: 'ErrImageNeverPull', message });
      return undefined;
    }
    try {
      this.tools.volumes.write({ pod, podIp, store: this.tools.state.store });
      const mounts = this.tools.volumes.mountsOf(pod, spec);
      return containerCommand(this.options, image, mounts, this.tools.state.store);
    } catch (error) {
      if (!(error instanceof ContainerConfigError)) throw error;
      const { message } = error;
      const isMount = error instanceof MountError;
      const reason = isMount ? 'ContainerCreating' : 'CreateContainerConfigError';
      this.state = { type: 'waiting', reason, ...(isMount ? {} : { message }) };
      this.tell(
        isMount
          ? { type: 'Warning', reason: 'FailedMount', message }
          : { type: 'Warning', reason: 'Failed', message: `Error: ${message}` },
      );
      this.later(CONFIG_RETRY_MS, () => this.launch());
      return undefined;
    }
  }

  private running(): void {
    this.state = { type: 'running', startedAt: this.startedAt };
    const { spec, podIp, onChange } = this.options;
    this.probes = new ContainerProbes(spec, podIp, {
      onStarted: () => {
        this.isStarted = true;
        onChange();
      },
      onReady: (isReady, problem) => {
        if (this.isReady && problem)
          this.tell({ type: 'Warning', reason: 'Unhealthy', message: `Readiness probe failed: ${problem}` });
        this.isReady = isReady;
        onChange();
      },
      onUnhealthy: (kind, problem) => {
        this.tell({ type: 'Warning', reason: 'Unhealthy', message: `${kind} probe failed: ${problem}` });
        this.probes?.stop();
        this.terminate(this.graceMs);
      },
    });
    onChange();
  }

  private exited(exit: Exit): void {
    clearTimeout(this.killTimer);
    this.probes?.stop();
    this.process = undefined;
    this.isReady = false;
    this.isStarted = false;
    const { startedAt, containerId = '' } = this;
    const termination: Termination = { ...exit, startedAt, finishedAt: timestamp(), containerId };
    this.keepTermination(termination);
    if (this.onStopped) {
      this.state = { type: 'terminated', termination };
      this.onStopped();
      this.options.onChange();
    } else this.afterExit(termination, Date.now() - Date.parse(startedAt));
  }

  private afterExit(termination: Termination, ranMs: number): void {
    const { pod, spec, policy, onChange } = this.options;
    if (!restartsAfter(policy, termination.exitCode)) {
      this.state = { type: 'terminated', termination };
      onChange();
      return;
    }
    this.lastTermination = termination;
    const delayMs = this.backoff.nextDelayMs(ranMs);
    const restart = (): void => {
      this.restartCount += 1;
      this.launch();
    };
    if (delayMs === 0) {
      restart();
      return;
    }
    const message = `back-off ${delayMs / 1000}s restarting failed container=${spec.name} pod=${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`;
    this.state = { type: 'waiting', reason: 'CrashLoopBackOff', message };
    this.tell({
      type: 'Warning',
      reason: 'BackOff',
      message: `Back-off restarting failed container ${spec.name}`,
    });
    this.later(delayMs, restart);
    onChange();
  }

  private get graceMs(): number {
    return Number(this.options.pod.spec?.['terminationGracePeriodSeconds'] ?? 30) * 1000;
  }

  private terminate(graceMs: number): void {
    clearTimeout(this.killTimer);
    const { process: running } = this;
    if (!running) return;
    running.signal(graceMs > 0 ? 'SIGTERM' : 'SIGKILL');
    this.killTimer = setTimeout(() => running.signal('SIGKILL'), graceMs);
  }

  private record(process: ContainerProcess): ContainerRecord {
    const { containerId = '', startedAt, restartCount, lastTermination } = this;
    return {
      identity: process.identity,
      containerId,
      startedAt,
      restartCount,
      image: this.options.spec.image,
      lastTermination,
    };
  }

  /** A dev cluster that starts later must know that, and how, this run ended. */
  private keepTermination(termination: Termination): void {
    const { pod, spec } = this.options;
    const record = this.tools.records.read(pod.metadata.uid).get(spec.name);
    if (record) this.tools.records.write(pod.metadata.uid, spec.name, { ...record, termination });
  }

  private later(delayMs: number, action: () => void): void {
    this.restartTimer = setTimeout(action, delayMs);
    this.restartTimer.unref();
  }

  private tell(event: Omit<EventText, 'component'>): void {
    recordEvent(this.tools.state, this.options.pod, { ...event, component: 'kubelet' });
  }
}
