import { type PodCliqueSet, podCliqueScalingGroupKind, podCliqueSetKind } from '@penstock/contracts';
import { podTemplateHash } from '../workload/desired-clique.js';
import { groupStatus } from '../workload/group-status.js';
import type { CliqueInstance, SetInstances } from '../workload/instances.js';
import { templateHashOf } from '../workload/pod-state.js';
import { type Finding, isTrue, setCondition } from '../workload/set-condition.js';
import type { SetModel } from '../workload/set-model.js';
import { setStatus } from '../workload/set-status.js';
import type { FencedWriter } from './fenced-writer.js';
import { inChunks } from './in-chunks.js';
import type { SetView } from './set-view.js';

type SetStatus = NonNullable<PodCliqueSet['status']>;

/** Says on a set and its scaling groups how they are. */
export class StatusWriter {
  constructor(
    private readonly writer: FencedWriter,
    private readonly nowMs: number,
  ) {}

  /** Writes the statuses of the groups; returns the counts of the set. */
  async writeGroups(
    set: SetModel,
    existing: SetView,
    { groups, cliques }: SetInstances,
  ): Promise<Partial<SetStatus>> {
    const hashes = new Map(set.cliques.map((model) => [model.name, podTemplateHash(set, model)]));
    const parts = cliques.map((instance) => {
      const found = existing.cliques.get(instance.name);
      const clique = found?.metadata.deletionTimestamp ? undefined : found;
      const isCurrent = clique !== undefined && templateHashOf(clique) === hashes.get(instance.model.name);
      const updated = isCurrent && (clique.status?.updatedReplicas ?? 0) === (clique.status?.replicas ?? 0);
      return { instance, clique, updated, isCurrent };
    });
    const current = new Set(parts.filter(({ isCurrent }) => isCurrent).map(({ instance }) => instance.name));
    const breachedGroups = new Set<string>();
    await inChunks(groups, async ({ name, replicas }) => {
      const group = existing.groups.get(name);
      if (!group || group.metadata.deletionTimestamp) return;
      const rows = Array.from({ length: replicas }, (_, replica) =>
        parts.flatMap(({ instance, clique }) => (isIn(instance, name, replica) && clique ? [clique] : [])),
      );
      const status = groupStatus(group, rows, ({ metadata }) => current.has(metadata.name), this.nowMs);
      if (isTrue(status.conditions, 'MinAvailableBreached')) breachedGroups.add(name);
      await this.writer.patchStatus(podCliqueScalingGroupKind, group, status);
    });
    return setStatus(set, { cliques: parts, gangs: [...existing.gangs.values()], breachedGroups });
  }

  /** Writes conditions and counts of the set, and tells as an event what newly keeps it from being acted upon. */
  async writeSet(
    object: PodCliqueSet,
    findings: readonly Finding[],
    counts: Partial<SetStatus>,
  ): Promise<void> {
    const { generation } = object.metadata;
    const before = object.status?.conditions ?? [];
    const conditions = findings.reduce(
      (all, finding) => setCondition(all, finding, generation, this.nowMs),
      [...before],
    );
    const status = { ...object.status, ...counts, observedGeneration: generation, conditions };
    await this.writer.patchStatus(podCliqueSetKind, object, status);
    for (const { type, status: value, reason, message } of findings) {
      const isTrouble =
        (type === 'Valid' && value === 'False') ||
        (type === 'TopologyLevelsUnavailable' && value !== 'False');
      if (!isTrouble || before.some((old) => old.type === type && old.message === message)) continue;
      this.writer.tell({ regarding: object, type: 'Warning', reason, message });
    }
  }
}

function isIn({ group }: CliqueInstance, name: string, replica: number): boolean {
  return group?.instance.name === name && group.replica === replica;
}
