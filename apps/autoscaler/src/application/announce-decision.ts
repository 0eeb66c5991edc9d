import type { EventData } from '@penstock/contracts';
import type { Cluster, ClusterObject, EventBus } from '@penstock/core/ports';
import type { Evaluation } from './evaluate-pools.js';

/** Tells others about recommendations that changed: events, and Kubernetes Events when one is held back. */
export class DecisionAnnouncer {
  private readonly last = new Map<string, { readonly desired: number; readonly held: boolean }>();

  constructor(
    private readonly bus: EventBus,
    private readonly cluster: Cluster,
  ) {}

  tell({ situation, decision }: Evaluation): void {
    const { key, desired, current, code, reason } = decision;
    const { target, pool, model, role, object } = situation.variant;
    const before = this.last.get(key);
    const held = code.startsWith('hold-no-');
    this.last.set(key, { desired, held });
    if (desired !== current && desired !== before?.desired) {
      const { kind, namespace, name } = target;
      const data: EventData<'scaling.decided'> = {
        target: { kind: kind.kind, namespace, name },
        ...{ model, role, from: current, to: desired, reason: reason.slice(0, 1000) },
      };
      this.bus.publish({ type: 'scaling.decided', namespace: pool.namespace, pool: pool.name, data });
    }
    if (held && before?.held !== true) {
      const regarding = object as ClusterObject;
      this.cluster.recordEvent({ regarding, type: 'Warning', reason: 'Held', message: reason });
    }
  }

  /** Forgets variants that are gone. */
  keepOnly(keys: ReadonlySet<string>): void {
    for (const key of this.last.keys()) if (!keys.has(key)) this.last.delete(key);
  }
}
