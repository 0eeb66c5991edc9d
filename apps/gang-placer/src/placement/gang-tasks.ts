import { type GangPlacement, type Pod, podGangKind, podKind } from '@penstock/contracts';
import { type Cluster, ClusterError } from '@penstock/core/ports';
import { NotLeadingError } from '../controllers/fenced-writer.js';
import type { LeaderTerm } from '../leader/leader-part.js';
import type { PlacerMetrics } from '../metrics.js';
import { setCondition } from '../workload/set-condition.js';
import { bindPod } from './bind-pod.js';
import { boundedParallel } from './bounded-parallel.js';
import { boundCount, type GangState, hasMinimum, MINIMUM_BOUND, phaseOf } from './gang-state.js';
import { finalPhase } from './next-step.js';
import type { PlacementEvents } from './placement-events.js';
import type { PlacementStore } from './placement-store.js';
import type { PlacementView } from './placement-view.js';

/** The world does not look as expected, probably because a watch is behind: look again after a pause. */
export class LookAgainError extends Error {}

export interface TaskContext {
  readonly cluster: Cluster;
  readonly view: PlacementView;
  readonly store: PlacementStore;
  readonly events: PlacementEvents;
  readonly metrics: PlacerMetrics;
  readonly term: LeaderTerm;
  readonly bindConcurrency: number;
  readonly nowMs: () => number;
  /** The gang as it is now; undefined when it is gone. */
  readonly look: (key: string) => GangState | undefined;
  /** Called when the PodGang should say something new. */
  readonly told: (key: string) => void;
}

type Phase = NonNullable<NonNullable<GangPlacement['status']>['phase']>;

/**
 * What is done about one gang, each a series of writes that may end after any of them: whoever comes next sees from the
 * objects how far it got. Every write asks first whether this replica still leads.
 */
export class GangTasks {
  constructor(private readonly context: TaskContext) {}

  /** Writes a decision, then binds. */
  async carryOut(key: string, placement: GangPlacement): Promise<void> {
    const { store, events, metrics } = this.context;
    this.requireTerm();
    const stored = await store.write(placement);
    if (!stored) throw new LookAgainError('the placement was changed by somebody else');
    metrics.placements.inc({ outcome: 'decided' });
    events.decided(stored);
    await this.bind(key);
  }

  /** Binds every pod that has its node by decision, then says how far the gang is. */
  async bind(key: string): Promise<void> {
    const { cluster, view, store, metrics, bindConcurrency, look } = this.context;
    const state = look(key);
    if (!state?.placement) return;
    const { metadata, spec } = state.placement;
    if (state.phase !== 'Binding') await this.setPhase(state, 'Binding', '');
    const namespace = state.gang.metadata.namespace ?? '';
    let lost = 0;
    await boundedParallel(state.pending, bindConcurrency, async ({ assignment, pod }) => {
      this.requireTerm();
      // Deleted or replaced while pods are being bound: the room of the others is no longer reserved.
      const now = store.get(key);
      if (now?.metadata.uid !== metadata.uid || now?.spec.attempt !== spec.attempt)
        throw new LookAgainError('the decision is no longer on record');
      const startMs = performance.now();
      const outcome = await bindPod(cluster, namespace, assignment).catch((error: unknown) => {
        metrics.binds.inc({ outcome: 'failed' });
        throw error;
      });
      metrics.binds.inc({ outcome });
      metrics.bindSeconds.observe((performance.now() - startMs) / 1000);
      if (outcome === 'bound') view.noteBound(pod, assignment.node);
      else lost++;
    });
    if (lost > 0) throw new LookAgainError(`${lost} pods can no longer be bound as decided`);
    await this.finish(key);
  }

  /** Says what is bound, in the placement and to everybody. */
  async finish(key: string): Promise<void> {
    const state = this.context.look(key);
    if (!state?.placement || state.pending.length > 0) return;
    const { events, metrics, nowMs } = this.context;
    if (hasMinimum(state) && state.phase !== 'Bound') {
      const waitedMs = events.bound(state);
      if (!state.wasComplete) metrics.waitSeconds.observe(waitedMs / 1000);
      metrics.placements.inc({ outcome: 'bound' });
    }
    const before = state.placement.status?.conditions ?? [];
    const { generation } = state.placement.metadata;
    const complete = {
      ...{ type: MINIMUM_BOUND, status: 'True' as const, reason: 'MinimumBound' },
      message: 'every group had its minimum on nodes',
    };
    const conditions = hasMinimum(state) ? setCondition(before, complete, generation, nowMs()) : [...before];
    await this.writeStatus(state, finalPhase(state), conditions);
    this.context.told(key);
  }

  /** Corrects the record: what is bound, and nothing else. Nobody is told of it as of a decision. */
  async record(key: string, state: GangState, corrected: GangPlacement | undefined): Promise<void> {
    const { store, events, view, look } = this.context;
    this.requireTerm();
    const isBelow = state.wasComplete && !hasMinimum(state);
    if (isBelow && state.obsolete.length > 0) events.evicted(state, state.obsolete, 'its pods are gone');
    if (corrected) {
      await store.write(corrected);
      const next = look(key);
      if (next?.wasComplete && next.pending.length === 0) await this.setPhase(next, finalPhase(next), '');
    } else if (state.placement) await store.remove(state.placement);
    view.noteFreed();
  }

  /** Gives a decision up of which nothing is bound: its room is free again. */
  async supersede(state: GangState, message: string): Promise<void> {
    await this.setPhase(state, 'Superseded', message);
    this.context.metrics.placements.inc({ outcome: 'superseded' });
    this.context.view.noteFreed();
  }

  /** Gives a decision up of which something is bound: the next step deletes those pods. */
  async abandon(state: GangState, message: string): Promise<void> {
    await this.setPhase(state, 'Abandoned', message);
    this.context.metrics.placements.inc({ outcome: 'abandoned' });
  }

  /** Deletes pods so that their workload makes new ones. */
  async evict(state: GangState, pods: readonly Pod[]): Promise<void> {
    const { cluster, events, view, bindConcurrency } = this.context;
    const uids = new Set(pods.map(({ metadata }) => metadata.uid));
    const assignments = state.placement?.spec.assignments.filter(({ uid }) => uids.has(uid)) ?? [];
    events.evicted(state, assignments, 'the rest of the gang has no place beside them');
    await boundedParallel(pods, bindConcurrency, async ({ metadata: { namespace, name, uid } }) => {
      this.requireTerm();
      try {
        await cluster.delete(podKind, namespace, name, uid === undefined ? {} : { uid });
      } catch (error) {
        if (!(error instanceof ClusterError && ['not-found', 'conflict'].includes(error.reason))) throw error;
      }
    });
    view.noteFreed();
    throw new LookAgainError('waiting for the watch to show that the pods go');
  }

  /** Asks the API where pods are that should be bound, before their decision is given up. */
  async verify(state: GangState): Promise<void> {
    const { cluster, view, bindConcurrency } = this.context;
    await boundedParallel(state.pending, bindConcurrency, async ({ pod }) => {
      const { namespace, name, uid } = pod.metadata;
      const now = await cluster.get(podKind, namespace, name);
      if (now?.metadata.uid === uid && now?.spec?.nodeName) view.noteBound(pod, now.spec.nodeName);
    });
  }

  /** Removes the placement of a gang that is gone, or of an earlier one of its name, if the API says so too. */
  async removeOrphan(placement: GangPlacement): Promise<void> {
    const { gang } = placement.spec;
    const found = await this.context.cluster.get(podGangKind, placement.metadata.namespace, gang.name);
    if (found?.metadata.uid === gang.uid) throw new LookAgainError('the watch does not show the gang yet');
    this.requireTerm();
    await this.context.store.remove(placement);
    this.context.metrics.placements.inc({ outcome: 'orphaned' });
    this.context.view.noteFreed();
  }

  private async setPhase(state: GangState, phase: Phase, message: string): Promise<void> {
    const before = state.placement?.status?.conditions ?? [];
    const finding = { type: 'CarriedOut', status: 'False' as const, reason: phase, message };
    const generation = state.placement?.metadata.generation;
    const conditions =
      message === '' ? [...before] : setCondition(before, finding, generation, this.context.nowMs());
    await this.writeStatus(state, phase, conditions);
  }

  private async writeStatus(
    state: GangState,
    phase: Phase,
    conditions: NonNullable<GangPlacement['status']>['conditions'],
  ): Promise<void> {
    const { store } = this.context;
    // The newest version: this task may have written it.
    const placement = store.get(`${state.gang.metadata.namespace ?? ''}/${state.gang.metadata.name}`);
    if (!placement || placement.spec.attempt !== state.placement?.spec.attempt) return;
    const open = conditions?.filter(({ type }) => type !== 'CarriedOut' || phaseIsOpen(phase));
    const status = {
      ...{ phase, boundPods: boundCount(state), observedAttempt: placement.spec.attempt },
      ...(open?.length ? { conditions: open } : {}),
    };
    if (phaseOf(placement) === phase && JSON.stringify(placement.status) === JSON.stringify(status)) return;
    this.requireTerm();
    if (!(await store.writeStatus(placement, status))) throw new LookAgainError('the placement has changed');
  }

  private requireTerm(): void {
    if (!this.context.term.isHeld()) throw new NotLeadingError();
  }
}

/** A decision that is not carried out says why; any other needs no such condition. */
function phaseIsOpen(phase: Phase): boolean {
  return phase === 'Superseded' || phase === 'Abandoned';
}
