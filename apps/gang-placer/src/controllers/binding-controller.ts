import { clusterTopologyBindingKind } from '@penstock/contracts';
import type { Clock } from '@penstock/core/ports';
import { setCondition } from '../workload/set-condition.js';
import { ignoredFinding } from '../workload/set-findings.js';
import type { FencedWriter } from './fenced-writer.js';
import { splitKey } from './split-key.js';
import type { WorkloadView } from './workload-view.js';

/** Says on a ClusterTopologyBinding what of it has no effect here. */
export class BindingController {
  constructor(
    private readonly view: WorkloadView,
    private readonly writer: FencedWriter,
    private readonly clock: Clock,
  ) {}

  async reconcile(key: string): Promise<undefined> {
    const binding = this.view.bindings.get(undefined, splitKey(key).name);
    if (!binding || binding.metadata.deletionTimestamp) return undefined;
    const ignored = binding.spec.schedulerTopologyBindings?.length ? ['spec.schedulerTopologyBindings'] : [];
    const { generation } = binding.metadata;
    const before = binding.status?.conditions ?? [];
    const conditions = setCondition(before, ignoredFinding(ignored), generation, this.clock.nowMs());
    const status = { ...binding.status, observedGeneration: generation, conditions };
    await this.writer.patchStatus(clusterTopologyBindingKind, binding, status);
    return undefined;
  }
}
