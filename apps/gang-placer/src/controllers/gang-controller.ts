import {
  GROVE_LABELS,
  POD_GANG_GATE,
  type Pod,
  type PodGang,
  podGangKind,
  podKind,
} from '@penstock/contracts';
import type { Clock } from '@penstock/core/ports';
import { gangStatus } from '../workload/gang-status.js';
import { controllerUid } from '../workload/ownership.js';
import { type GangMember, type GangPlan, isGangScheduled, planGang } from '../workload/plan-gang.js';
import { isTrue } from '../workload/set-condition.js';
import { stableHash } from '../workload/stable-hash.js';
import type { FencedWriter } from './fenced-writer.js';
import { inChunks } from './in-chunks.js';
import { splitKey } from './split-key.js';
import type { WorkloadView } from './workload-view.js';

/** Transitions of a gang that its set tells as events. */
const TOLD = [
  { type: 'Initialized', reason: 'PodGangComplete', text: 'all pods exist: it can be placed' },
  { type: 'Scheduled', reason: 'PodGangScheduled', text: 'every clique has its minimum on nodes' },
  { type: 'Ready', reason: 'PodGangReady', text: 'every clique has its minimum ready' },
] as const;

/** Fills PodGangs with references to their pods, opens the pods' gates in the right order and says how far a gang is. */
export class GangController {
  constructor(
    private readonly view: WorkloadView,
    private readonly writer: FencedWriter,
    private readonly clock: Clock,
  ) {}

  async reconcile(key: string): Promise<undefined> {
    const { namespace, name } = splitKey(key);
    const found = this.view.gangs.get(namespace, name);
    if (!found || found.metadata.deletionTimestamp) return undefined;
    const member = (group: string) => this.member(namespace, group);
    const plan = planGang(found, member, this.baseIsScheduled(found));
    const gang = await this.writeReferences(found, plan);
    const status = gangStatus(gang, member, plan.initialized, this.clock.nowMs());
    const written = await this.writer.updateStatus(podGangKind, gang, status);
    this.tellTransitions(found, written);
    await inChunks(plan.release, (pod) => this.openGate(pod));
    return undefined;
  }

  private member(namespace: string, group: string): GangMember {
    const clique = this.view.cliques.get(namespace, group);
    if (!clique || clique.metadata.deletionTimestamp) return { clique: undefined, pods: [] };
    const pods = this.view.podsOf(namespace, group);
    return { clique, pods: pods.filter((pod) => controllerUid(pod) === clique.metadata.uid) };
  }

  private baseIsScheduled({ metadata: { namespace = '', labels } }: PodGang): boolean {
    const name = labels?.[GROVE_LABELS.basePodGang];
    if (name === undefined) return true;
    const base = this.view.gangs.get(namespace, name);
    return base !== undefined && isGangScheduled(base, (group) => this.member(namespace, group));
  }

  private async writeReferences(gang: PodGang, { podgroups }: GangPlan): Promise<PodGang> {
    if (stableHash(gang.spec.podgroups) === stableHash(podgroups)) return gang;
    return await this.writer.update(podGangKind, { ...gang, spec: { ...gang.spec, podgroups } });
  }

  private async openGate(pod: Pod): Promise<void> {
    const schedulingGates = (pod.spec?.schedulingGates ?? []).filter(({ name }) => name !== POD_GANG_GATE);
    await this.writer.patch(podKind, pod, { spec: { schedulingGates } });
  }

  private tellTransitions(before: PodGang, after: PodGang): void {
    const { namespace, name, labels } = after.metadata;
    const set = this.view.sets.get(namespace, labels?.[GROVE_LABELS.partOf] ?? '');
    if (!set) return;
    for (const { type, reason, text } of TOLD) {
      if (isTrue(before.status?.conditions, type) || !isTrue(after.status?.conditions, type)) continue;
      this.writer.tell({ regarding: set, type: 'Normal', reason, message: `PodGang ${name}: ${text}` });
    }
  }
}
