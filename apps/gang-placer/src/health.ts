import type { Cluster, EventBus } from '@penstock/core/ports';
import { busCheck, clusterCheck, type HealthChecks } from '@penstock/platform';
import type { LeaderPart } from './leader/leader-part.js';
import type { LeaderRun } from './leader/leader-run.js';
import type { PlacementPart } from './placement/placement-part.js';

export interface HealthDependencies {
  readonly bus: EventBus;
  readonly cluster: Cluster;
  readonly parts: readonly LeaderPart[];
  readonly placement: PlacementPart;
  readonly leader: LeaderRun;
}

/** A replica is ready once everything it reads was listed; it need not lead. */
export function registerHealth(
  health: HealthChecks,
  { bus, cluster, parts, placement, leader }: HealthDependencies,
): void {
  health.register({
    name: 'objects',
    required: true,
    check: () => {
      const missing = parts.flatMap((part) => part.unsynced().map((kind) => `${part.name}: ${kind}`));
      if (missing.length > 0) throw new Error(`not listed yet: ${missing.join(', ')}`);
      return undefined;
    },
  });
  health.register({
    name: 'lease',
    required: false,
    check: () =>
      leader.isLeading ? `leading, transition ${leader.transitions}` : 'this replica does not lead',
  });
  health.register({
    name: 'placement',
    required: false,
    check: () => {
      const problem = placement.problem();
      if (problem !== undefined) throw new Error(problem);
      return undefined;
    },
  });
  health.register(clusterCheck(cluster));
  health.register(busCheck(bus));
}
