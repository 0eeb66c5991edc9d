import type { Termination } from './container-record.js';
import type { ContainerSpec } from './pod-spec.js';

export type ContainerState =
  | { readonly type: 'waiting'; readonly reason: string; readonly message?: string }
  | { readonly type: 'running'; readonly startedAt: string }
  | { readonly type: 'terminated'; readonly termination: Termination };

/** What a pod's status says about one container. */
export interface ContainerView {
  readonly spec: ContainerSpec;
  readonly state: ContainerState;
  readonly lastTermination?: Termination;
  readonly restartCount: number;
  readonly isReady: boolean;
  readonly isStarted: boolean;
  readonly containerId?: string;
}

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never';

export function restartsAfter(policy: RestartPolicy, exitCode: number): boolean {
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
}
