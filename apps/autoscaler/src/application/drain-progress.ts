import { DRAINING_ANNOTATION } from '@penstock/contracts';
import { type EngineFacts, isUsable } from '@penstock/core/scaling';
import type { ReplicaView } from './replica-view.js';

export interface DrainSettings {
  /** Longest time that requests get to finish. */
  readonly timeoutMs: number;
  /** Time that schedulers need to learn of a drain: before it is over an idle engine may still get a request. */
  readonly quietMs: number;
}

/** `idle`: nothing runs there. `expired`: its time is over. `busy`: neither, or nobody knows. */
export type DrainProgress = 'busy' | 'idle' | 'expired';

/** How far the drain of a replica is. One that is not ready serves nothing. */
export function drainProgress(
  { replica, pods }: ReplicaView,
  engines: readonly EngineFacts[],
  nowMs: number,
  { timeoutMs, quietMs }: DrainSettings,
): DrainProgress {
  if (!replica.ready) return 'idle';
  const deadlineMs = Math.max(
    ...pods.map(({ metadata }) => Date.parse(metadata.annotations?.[DRAINING_ANNOTATION] ?? '')),
  );
  // A date that is none (NaN) never comes: such a replica goes when it is idle.
  if (nowMs >= deadlineMs) return 'expired';
  if (nowMs < deadlineMs - timeoutMs + quietMs) return 'busy';
  const own = engines.filter(
    (facts) => isUsable(facts) && replica.pods.includes(facts.engine.split('#', 1)[0]!),
  );
  return own.length > 0 && own.every(({ waiting, running }) => waiting + running === 0) ? 'idle' : 'busy';
}
