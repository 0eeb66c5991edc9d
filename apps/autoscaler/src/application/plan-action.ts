import { chooseVictims, type VariantDecision } from '@penstock/core/scaling';
import { type DrainSettings, drainProgress } from './drain-progress.js';
import type { ReplicaView } from './replica-view.js';
import type { Target } from './target.js';

/** What to do to a target now. */
export interface ActionPlan {
  /** Replicas that take requests again. */
  readonly undrain: readonly ReplicaView[];
  /** Replicas that get no more requests because they will be removed. */
  readonly drain: readonly ReplicaView[];
  /** New `spec.replicas`; absent when it stays. */
  readonly scaleTo?: number;
  /** Replicas that the new number removes. */
  readonly removed: readonly ReplicaView[];
}

const NOTHING: ActionPlan = { undrain: [], drain: [], removed: [] };

/**
 * The way from what is to what is recommended. More: replicas that are being drained come back first. Fewer: replicas
 * that do not exist yet are not made, others are drained, and `spec.replicas` follows when nothing runs there any more.
 * While nothing is known, drains go on, but one whose time is over is taken back instead of cutting off requests. When
 * everything else has failed, what is being drained serves again.
 */
export function planAction(
  target: Target,
  replicas: readonly ReplicaView[],
  decision: VariantDecision,
  settings: DrainSettings,
): ActionPlan {
  const { current, desired, code, atMs, demand } = decision;
  const engines = demand?.engines ?? [];
  const draining = replicas.filter(({ replica }) => replica.draining);
  const progress = (view: ReplicaView) => drainProgress(view, engines, atMs, settings);
  if (desired > current) return more(target, draining, desired - current, desired);
  if (code === 'hold-no-demand' || code === 'hold-no-metrics') {
    return { ...NOTHING, undrain: draining.filter((view) => progress(view) === 'expired') };
  }
  const able = draining.filter(({ replica }) => replica.ready);
  if (code === 'hold-starting' && able.length > 0) return { ...NOTHING, undrain: able };
  const done = draining.filter((view) => progress(view) !== 'busy');
  const finished = target.replicaLabel === undefined ? done : lastOnes(replicas, done);
  const leaving = Math.max(0, replicas.length - target.specReplicas);
  const lowered = Math.max(0, finished.length - leaving);
  const unborn = Math.min(current - desired, unbornOf(target, replicas));
  const scaleTo = target.specReplicas - lowered - unborn;
  return {
    undrain: [],
    drain: victims(target, replicas, decision, current - desired - unborn),
    ...(scaleTo === target.specReplicas ? {} : { scaleTo }),
    removed: lowered > 0 ? finished : [],
  };
}

function more(target: Target, draining: readonly ReplicaView[], wanted: number, desired: number): ActionPlan {
  const undrain = draining.slice(0, wanted);
  const stillDraining = draining.length - undrain.length;
  const scaleTo = Math.max(target.specReplicas, desired + stillDraining);
  return { ...NOTHING, undrain, ...(scaleTo === target.specReplicas ? {} : { scaleTo }) };
}

/** Replicas that do not exist yet and would not come with a lower number: in a group those above all that do. */
function unbornOf({ replicaLabel, specReplicas }: Target, replicas: readonly ReplicaView[]): number {
  const taken =
    replicaLabel === undefined ? replicas.length : 1 + Math.max(-1, ...replicas.map(({ index }) => index));
  return Math.max(0, specReplicas - taken);
}

/** A group gives back its highest index: replicas count only when all above them are done too. */
function lastOnes(replicas: readonly ReplicaView[], done: readonly ReplicaView[]): ReplicaView[] {
  const last: ReplicaView[] = [];
  for (const view of [...replicas].reverse()) {
    if (!done.includes(view)) break;
    last.push(view);
  }
  return last;
}

/** Replicas that are not ready go first, then the least loaded; of a group always the highest index. */
function victims(
  target: Target,
  replicas: readonly ReplicaView[],
  decision: VariantDecision,
  count: number,
): ReplicaView[] {
  const free = replicas.filter(({ replica }) => !replica.draining);
  if (count <= 0) return [];
  if (target.replicaLabel !== undefined) return lastVictims(free, decision, count);
  const unready = free.filter(({ replica }) => !replica.ready).slice(-count);
  const ready = free.filter(({ replica }) => replica.ready);
  const chosen = chooseVictims(
    ready.map(({ replica }) => replica),
    decision.demand?.engines ?? [],
    count - unready.length,
  );
  return [...unready, ...ready.filter(({ replica }) => chosen.includes(replica))];
}

/**
 * The highest indices of a group. Where one of them serves, it stays when only replicas that did not come are given back,
 * and when it is the last that serves: what would remain does not work.
 */
function lastVictims(
  free: readonly ReplicaView[],
  { code, desired }: VariantDecision,
  count: number,
): ReplicaView[] {
  let serving = free.filter(({ replica }) => replica.ready).length;
  const chosen: ReplicaView[] = [];
  for (const view of free.slice(-count).reverse()) {
    if (view.replica.ready) {
      if (code === 'cancel-pending' || (serving === 1 && desired > 0)) break;
      serving--;
    }
    chosen.push(view);
  }
  return chosen;
}
