import type { GangPlacement, Pod } from '@penstock/contracts';
import { type Placement, placeGang } from '@penstock/core/placement';
import type { Cluster } from '@penstock/core/ports';
import type { PlacerConfig } from '../config.js';
import type { LeaderTerm } from '../leader/leader-part.js';
import type { PlacerMetrics } from '../metrics.js';
import { buildSnapshot, type RoundSnapshot } from './build-snapshot.js';
import { describeExtras } from './describe-extras.js';
import { gangRequest, podProblems } from './gang-request.js';
import { boundCount, type GangState } from './gang-state.js';
import { priorityOf } from './gang-summary.js';
import type { GangTasks } from './gang-tasks.js';
import { isInvalid } from './is-invalid.js';
import { nextStep } from './next-step.js';
import { placementObject } from './placement-object.js';
import { keyOf, type PlacementStore } from './placement-store.js';
import type { PlacementView } from './placement-view.js';
import { readPod } from './read-pod.js';
import type { WaitReporter } from './report-waits.js';
import type { RunningTasks } from './running-tasks.js';
import { seedOf } from './seed-of.js';
import { unseenPods } from './unseen-pods.js';
import type { Wait, WaitingGangs } from './waiting-gangs.js';

/** Decisions of one round may take this long before news is looked at again. */
const SLICE_MS = 250;

export interface RoundContext {
  readonly cluster: Cluster;
  readonly view: PlacementView;
  readonly store: PlacementStore;
  readonly waiting: WaitingGangs;
  readonly reporter: WaitReporter;
  readonly tasks: GangTasks;
  readonly busy: RunningTasks;
  readonly metrics: PlacerMetrics;
  readonly term: LeaderTerm;
  readonly nowMs: () => number;
  readonly config: PlacerConfig;
  readonly replica: string;
  readonly list: () => GangState[];
}

/**
 * Rounds of decisions of one term. In a round all gangs are looked at, the most important and oldest first, against
 * one snapshot in which every decision of the round is reserved. A new leader first carries out what the last one
 * decided, and decides nothing of its own before that was tried.
 */
export class PlacementRound {
  private isRecovering = true;
  /** What the last leader decided was read. */
  private isRecalled = false;
  /** Gangs whose pods were asked for at the API since their decision turned out invalid: key → attempt. */
  private readonly verified = new Map<string, number>();
  /** Gangs refused since all were last looked at, and what they looked like: others come first. */
  private readonly refused = new Map<string, string>();

  constructor(private readonly context: RoundContext) {}

  /** @returns in how many milliseconds to run again without any change; undefined = only after one */
  async run(): Promise<number | undefined> {
    const { store, busy, view, waiting } = this.context;
    if (!this.isRecalled) await this.recall();
    await store.settle();
    const states = byImportance(this.context.list());
    this.forgetGone(states);
    const startMs = performance.now();
    let snapshot: RoundSnapshot | undefined;
    const open = () => (snapshot ??= buildSnapshot(view, store));
    for (const state of states) {
      const key = keyOf(state.gang);
      if (busy.isBusy(key)) continue;
      this.step(key, state, open);
      if (performance.now() - startMs > SLICE_MS) return 0;
    }
    this.refused.clear();
    if (this.isRecovering) {
      await busy.settle();
      this.isRecovering = false;
      return 0;
    }
    const retryAtMs = waiting.nextMs(view.capacityEpoch, (key) => busy.isBusy(key));
    const retryInMs = retryAtMs === undefined ? undefined : Math.max(1, retryAtMs - performance.now());
    const times = [retryInMs, busy.nextInMs()].filter((time) => time !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Reads what the last leader decided. Throws while the watch does not show the pods that it speaks of. */
  private async recall(): Promise<void> {
    const { cluster, store, view, config } = this.context;
    await store.reload(config.namespace);
    const [first, ...more] = await unseenPods(cluster, view, store, config.bindConcurrency);
    if (first !== undefined) {
      const others = more.length > 0 ? ` and ${more.length} more` : '';
      throw new Error(`the watch does not show pod ${first}${others} yet, of which a decision speaks`);
    }
    this.isRecalled = true;
  }

  /** Resolves when nothing of the term writes any more. */
  stop(): Promise<void> {
    return this.context.busy.settle();
  }

  private step(key: string, state: GangState, open: () => RoundSnapshot): void {
    const { tasks, busy } = this.context;
    const step = nextStep(state);
    if (step.kind !== 'decide' && step.kind !== 'bind') this.noLongerWaits(key);
    switch (step.kind) {
      case 'bind':
        this.carryOn(key, state, open);
        break;
      case 'decide':
        if (!this.isRecovering && this.isDue(key, state)) this.decide(key, state, open());
        break;
      case 'evict':
        busy.start(key, () => tasks.evict(state, step.pods));
        break;
      case 'record':
        busy.start(key, () => tasks.record(key, state, this.corrected(state, open())));
        break;
      case 'finish':
        busy.start(key, () => tasks.finish(key));
        break;
      case 'wait':
        break;
    }
  }

  /** Binds what was decided, or decides anew when the nodes no longer take it. */
  private carryOn(key: string, state: GangState, open: () => RoundSnapshot): void {
    const { tasks, busy } = this.context;
    const snapshot = open();
    if (!isInvalid(state, snapshot.cluster)) {
      this.noLongerWaits(key);
      busy.start(key, () => tasks.bind(key));
      return;
    }
    const attempt = state.placement?.spec.attempt ?? 0;
    if (this.verified.get(key) !== attempt) {
      this.verified.set(key, attempt);
      busy.start(key, () => tasks.verify(state));
      return;
    }
    if (this.isRecovering) return;
    for (const { assignment, pod } of state.pending) {
      snapshot.cluster.release(assignment.node, readPod(pod).shape.requests);
    }
    this.decide(key, state, snapshot);
  }

  /** Whether asking the solver again could end otherwise than the last time. */
  private isDue(key: string, state: GangState): boolean {
    const { waiting, view } = this.context;
    const fingerprint = fingerprintOf(state);
    if (this.refused.get(key) === fingerprint) return false;
    return waiting.isDue(key, fingerprint, view.capacityEpoch, performance.now());
  }

  private decide(key: string, state: GangState, snapshot: RoundSnapshot): void {
    const { waiting, view, metrics, config } = this.context;
    const fingerprint = fingerprintOf(state);
    const startMs = performance.now();
    const problems = podProblems(state);
    const seed = seedOf(state.gang.metadata.uid ?? '');
    const options = { seed, maxSearchSteps: config.maxSearchSteps };
    const request = gangRequest(state);
    const outcome = problems.length > 0 ? undefined : placeGang(snapshot.cluster, request, options);
    const wait = outcome?.placed
      ? describeExtras(snapshot.cluster, request, outcome.placement, options)
      : waitOf(state, problems, outcome?.refusal);
    const costMs = performance.now() - startMs;
    metrics.decisionSeconds.observe({ outcome: outcome?.placed ? 'placed' : 'refused' }, costMs / 1000);
    const steps = outcome?.placed ? outcome.placement.searchSteps : (outcome?.refusal.searchSteps ?? 0);
    metrics.searchSteps.inc(steps);
    if (wait) {
      waiting.add(key, wait, fingerprint, view.capacityEpoch, performance.now(), costMs);
      this.refused.set(key, fingerprint);
      metrics.refusals.inc({ reason: labelOf(wait, snapshot) });
      this.context.reporter.changed(key);
    } else this.noLongerWaits(key);
    if (outcome?.placed) this.adopt(key, state, outcome.placement, snapshot);
    else this.giveUp(key, state, wait?.message ?? '', snapshot);
  }

  /** What becomes of an earlier decision when there is no new one: nothing may stay bound of a gang below its minimum. */
  private giveUp(key: string, state: GangState, message: string, snapshot: RoundSnapshot): void {
    const { busy, tasks } = this.context;
    const isNew = state.pending.length > 0;
    if (!state.placement) return;
    if (state.wasComplete) {
      if (isNew) busy.start(key, () => tasks.record(key, state, this.corrected(state, snapshot)));
    } else if (boundCount(state) > 0) {
      busy.start(key, () => tasks.abandon(state, message));
    } else if (isNew) {
      busy.start(key, () => tasks.supersede(state, message));
    }
  }

  /** Reserves a decision in the snapshot and has it carried out. */
  private adopt(key: string, state: GangState, placement: Placement, snapshot: RoundSnapshot): void {
    const { busy, tasks } = this.context;
    const object = placementObject(state, placement, this.decisionContext(state, snapshot));
    const pods = new Map(state.groups.flatMap(({ free }) => free).map((pod) => [pod.metadata.name, pod]));
    for (const { pod, node } of placement.assignments) {
      snapshot.cluster.reserve(node, readPod(pods.get(pod) as Pod).shape.requests);
    }
    if (object && (placement.assignments.length > 0 || state.pending.length > 0)) {
      busy.start(key, () => tasks.carryOut(key, object));
    }
  }

  private corrected(state: GangState, snapshot: RoundSnapshot): GangPlacement | undefined {
    return placementObject(state, undefined, this.decisionContext(state, snapshot));
  }

  private decisionContext({ gang }: GangState, { summary }: RoundSnapshot) {
    const { replica, term, nowMs } = this.context;
    const { transitions: leaseTransitions } = term;
    return {
      replica,
      leaseTransitions,
      nowMs: nowMs(),
      seed: seedOf(gang.metadata.uid ?? ''),
      snapshot: summary,
    };
  }

  private noLongerWaits(key: string): void {
    if (this.context.waiting.delete(key)) this.context.reporter.changed(key);
  }

  /** Placements without their gang, and what is remembered of gangs that are gone. */
  private forgetGone(states: readonly GangState[]): void {
    const { store, waiting, busy, tasks } = this.context;
    const uids = new Map(states.map(({ gang }) => [keyOf(gang), gang.metadata.uid]));
    for (const placement of store.list()) {
      const key = keyOf(placement);
      if (uids.get(key) === placement.spec.gang.uid || busy.isBusy(key)) continue;
      busy.start(key, () => tasks.removeOrphan(placement));
    }
    for (const key of busy.resting()) if (!uids.has(key) && !store.get(key)) busy.forget(key);
    for (const memory of [waiting, this.verified]) {
      for (const key of memory.keys()) if (!uids.has(key)) memory.delete(key);
    }
  }
}

/** Higher priority first, then the older gang; equals by name, in which order they come. */
function byImportance(states: readonly GangState[]): GangState[] {
  return states
    .map((state) => ({
      ...{ state, priority: priorityOf(state), created: state.gang.metadata.creationTimestamp ?? '' },
    }))
    .sort((a, b) => b.priority - a.priority || (a.created < b.created ? -1 : a.created > b.created ? 1 : 0))
    .map(({ state }) => state);
}

/** Changes with the pods that need a place and those they must be near to. */
function fingerprintOf({ groups }: GangState): string {
  return groups
    .map(({ bound, free, minReplicas }) =>
      [
        minReplicas,
        ...free.map(({ metadata }) => metadata.uid),
        '|',
        ...bound.map(({ node }) => node),
      ].join(),
    )
    .join(';');
}

/** Without the names and values that would make a series of each; of resources only those that some node has. */
function labelOf({ refusal, reason }: Wait, { cluster }: RoundSnapshot): string {
  const label = (refusal?.reasons[0]?.reason ?? reason).replace(/ \{.*\}$| label .*$/, '');
  const [, resource] = /^Insufficient (.*)$/.exec(label) ?? [];
  const isKnown =
    resource === undefined || cluster.nodes.some(({ allocatable }) => Object.hasOwn(allocatable, resource));
  return isKnown ? label : 'Insufficient resource that no node has';
}

function waitOf({ groups }: GangState, problems: readonly string[], refusal: Wait['refusal']): Wait {
  const pods = groups.flatMap(({ free }) => free.map(({ metadata }) => metadata.name));
  return refusal
    ? { reason: 'Unschedulable', message: refusal.message, pods, refusal }
    : { reason: 'UnsupportedPod', message: problems.join('; '), pods, refusal };
}
