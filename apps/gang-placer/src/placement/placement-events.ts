import { type GangAssignment, type GangPlacement, GROVE_LABELS, type PodGang } from '@penstock/contracts';
import type { Cluster, EventBus } from '@penstock/core/ports';
import type { GangState } from './gang-state.js';
import type { Wait } from './waiting-gangs.js';

const MAX_REASONS = 32;
const MAX_TEXT = 1_000;

/**
 * Tells others: events of the bus, and Kubernetes Events at the gang. The same fact has the same id, so that telling it
 * again after a restart changes nothing.
 */
export class PlacementEvents {
  constructor(
    private readonly bus: EventBus,
    private readonly cluster: Cluster,
    private readonly nowMs: () => number,
  ) {}

  decided(placement: GangPlacement): void {
    const { attempt, assignments, score, topology } = placement.spec;
    this.publish('placement.decided', placement.metadata, `${placement.metadata.uid}/${attempt}/decided`, {
      ...{ pods: podsOf(assignments), attempt, score },
      ...(topology ? { domain: `${topology.key}=${topology.domain}` } : {}),
    });
  }

  /** @returns how long the gang waited, in milliseconds */
  bound({ gang, placement, wasComplete }: GangState): number {
    if (!placement) return 0;
    const { attempt, assignments, decidedAt, topology } = placement.spec;
    const since = wasComplete ? decidedAt : (completeSince(gang) ?? decidedAt);
    const waitedMs = Math.max(0, this.nowMs() - Date.parse(since));
    const pods = podsOf(assignments);
    this.publish('placement.bound', placement.metadata, `${placement.metadata.uid}/${attempt}/bound`, {
      ...{ pods, waitedMs, attempt },
    });
    const nodes = new Set(pods.map(({ node }) => node)).size;
    const where = topology ? ` in ${topology.key}=${topology.domain}` : '';
    this.cluster.recordEvent({
      ...{ regarding: gang, type: 'Normal', reason: 'GangBound' },
      message: `${pods.length} pods are bound to ${nodes} nodes${where}`,
    });
    return waitedMs;
  }

  evicted({ gang, placement }: GangState, lost: readonly GangAssignment[], reason: string): void {
    if (!placement || lost.length === 0) return;
    const pods = podsOf(lost);
    const id = `${placement.metadata.uid}/${placement.spec.attempt}/evicted/${lost[0]?.uid}`;
    this.publish('placement.evicted', placement.metadata, id, { pods, reason });
    this.cluster.recordEvent({
      ...{ regarding: gang, type: 'Warning', reason: 'GangEvicted' },
      message: `${pods.length} pods lost their place: ${reason}`,
    });
  }

  refused(gang: PodGang, { message, refusal }: Wait): void {
    const counts = refusal?.reasons.map(({ reason, nodes }) => `${nodes} ${reason}`) ?? [];
    const reasons = [message, ...counts].slice(0, MAX_REASONS).map((text) => text.slice(0, MAX_TEXT));
    this.publish('placement.refused', gang.metadata, undefined, { reasons });
  }

  private publish(
    type: string,
    { namespace = '', name, labels }: PodGang['metadata'],
    id: string | undefined,
    data: object,
  ): void {
    this.bus.publish({
      ...{ type, namespace, pool: labels?.[GROVE_LABELS.partOf] ?? name },
      ...(id === undefined ? {} : { id }),
      data: { gang: { kind: 'PodGang', namespace, name }, ...data },
    });
  }
}

/** When a gang could have been placed for the first time, RFC 3339. */
export function completeSince({ status }: PodGang): string | undefined {
  return status?.conditions?.find(({ type, status: value }) => type === 'Initialized' && value === 'True')
    ?.lastTransitionTime;
}

function podsOf(assignments: readonly GangAssignment[]): Array<{ pod: string; node: string }> {
  return assignments.map(({ pod, node }) => ({ pod, node }));
}
