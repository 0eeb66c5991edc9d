import type { JsonObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import type { ContainerSpec } from './pod-spec.js';
import { ProbeLoop } from './probe-loop.js';

export interface ProbeListener {
  onStarted(): void;
  onReady(isReady: boolean, problem: string | undefined): void;
  /** The container has to be restarted. */
  onUnhealthy(kind: 'Liveness' | 'Startup', problem: string): void;
}

/** The probes of one run of a container: startup first, then readiness and liveness. */
export class ContainerProbes {
  private loops: ProbeLoop[] = [];

  constructor(
    private readonly container: ContainerSpec,
    private readonly podIp: string,
    private readonly listener: ProbeListener,
  ) {
    const startup = container['startupProbe'];
    if (!isObject(startup)) this.started();
    else {
      this.run(startup, false, (isWell, problem) => {
        if (!isWell) return this.listener.onUnhealthy('Startup', problem ?? '');
        this.stop();
        this.started();
      });
    }
  }

  stop(): void {
    for (const loop of this.loops) loop.stop();
    this.loops = [];
  }

  private started(): void {
    this.listener.onStarted();
    const { readinessProbe, livenessProbe } = this.container;
    if (isObject(readinessProbe)) {
      this.run(readinessProbe, true, (isWell, problem) => this.listener.onReady(isWell, problem));
    } else this.listener.onReady(true, undefined);
    if (isObject(livenessProbe)) {
      this.run(livenessProbe, false, (isWell, problem) => {
        if (!isWell) this.listener.onUnhealthy('Liveness', problem ?? '');
      });
    }
  }

  private run(
    probe: JsonObject,
    isEager: boolean,
    onResult: (isWell: boolean, problem: string | undefined) => void,
  ): void {
    this.loops.push(
      new ProbeLoop({ probe, container: this.container, podIp: this.podIp, isEager, onResult }),
    );
  }
}
