import { type PodCliqueSet, podCliqueKind } from '@penstock/contracts';
import type { Clock, Cluster } from '@penstock/core/ports';
import { compositionProblems } from '../workload/composition.js';
import { instancesOf, type SetInstances } from '../workload/instances.js';
import { names } from '../workload/names.js';
import { planTerminations, TERMINATE_BEFORE_ANNOTATION } from '../workload/plan-terminations.js';
import { readSet } from '../workload/read-set.js';
import { resolveTopology, type TopologyResolution, topologyNameOf } from '../workload/resolve-topology.js';
import { ignoredFinding, topologyFinding, validFinding } from '../workload/set-findings.js';
import type { Problem, SetModel } from '../workload/set-model.js';
import type { FencedWriter } from './fenced-writer.js';
import { inChunks } from './in-chunks.js';
import { removeExcess } from './remove-excess.js';
import { existingScale, type SetView, setView } from './set-view.js';
import { SetWriter } from './set-writer.js';
import { splitKey } from './split-key.js';
import { StatusWriter } from './status-writer.js';
import type { WorkloadView } from './workload-view.js';

/** When what is known of a set is older than the API's, the news are on their way. */
const STALE_RETRY_MS = 200;

export interface SetControllerOptions {
  /** Scheduler of gangs whose template names none. */
  readonly schedulerName: string;
  /** Has a set looked at again after a delay. */
  readonly lookLater: (key: string, delayMs: number) => void;
}

/** Makes of a PodCliqueSet its services, scaling groups, gangs and cliques, and says how it is. */
export class SetController {
  constructor(
    private readonly view: WorkloadView,
    private readonly writer: FencedWriter,
    private readonly cluster: Pick<Cluster, 'get'>,
    private readonly clock: Clock,
    private readonly options: SetControllerOptions,
  ) {}

  async reconcile(key: string): Promise<{ againInMs: number } | undefined> {
    const { namespace, name } = splitKey(key);
    const object = this.view.sets.get(namespace, name);
    if (!object || object.metadata.deletionTimestamp) return undefined;
    const status = new StatusWriter(this.writer, this.clock.nowMs());
    const read = readSet(object);
    if ('problems' in read) {
      await status.writeSet(object, [validFinding(read.problems)], {});
      return undefined;
    }
    const { set } = read;
    const existing = setView(this.view, set);
    const resolution = this.resolve(set);
    const problems = [
      ...composition(set, existing),
      ...('problems' in resolution ? resolution.problems : []),
    ];
    const findings = [validFinding(problems), ignoredFinding(set.ignored)];
    if (problems.length > 0 || 'problems' in resolution) {
      await status.writeSet(object, findings, {});
      return undefined;
    }
    if ('unavailable' in resolution) {
      await status.writeSet(object, [...findings, topologyFinding(resolution.unavailable)], {});
      return undefined;
    }
    const { view, writer, cluster } = this;
    const instances = instancesOf(set, existingScale(existing));
    const { schedulerName } = this.options;
    const { packing } = resolution;
    await new SetWriter({ object, set, existing, view, writer, schedulerName, packing }).write(instances);
    const isCurrent = await removeExcess({ object, set, existing, instances, cluster, writer });
    const counts = await status.writeGroups(set, existing, instances);
    await status.writeSet(object, [...findings, topologyFinding(undefined)], counts);
    const nextInMs = await this.terminate(object, set, existing, instances);
    if (nextInMs !== undefined) this.options.lookLater(key, nextInMs);
    return isCurrent ? undefined : { againInMs: STALE_RETRY_MS };
  }

  /** Marks cliques of gangs that stayed below their minimum for too long. Returns when to look again. */
  private async terminate(
    object: PodCliqueSet,
    set: SetModel,
    existing: SetView,
    { cliques }: SetInstances,
  ): Promise<number | undefined> {
    const candidates = cliques.flatMap((instance) => {
      const clique = existing.cliques.get(instance.name);
      if (!clique || clique.metadata.deletionTimestamp) return [];
      return [{ instance, clique, hasScheduledPods: (clique.status?.scheduledReplicas ?? 0) > 0 }];
    });
    const group = (name: string) => existing.groups.get(name);
    const { due, nextInMs } = planTerminations(candidates, group, set.terminationDelayMs, this.clock.nowMs());
    for (const termination of due) {
      const annotations = { [TERMINATE_BEFORE_ANNOTATION]: termination.before };
      await inChunks(termination.cliques, (clique) =>
        this.writer.patch(podCliqueKind, clique, { metadata: { annotations } }),
      );
      if (!termination.isFirst) continue;
      const message = `${termination.because} stayed below its minimum for longer than terminationDelay: the pods of its gang are replaced`;
      this.writer.tell({ regarding: object, type: 'Warning', reason: 'GangTerminated', message });
    }
    return nextInMs;
  }

  private resolve(set: SetModel): TopologyResolution {
    const topology = topologyNameOf(set);
    return resolveTopology(set, topology ? this.view.bindings.get(undefined, topology) : undefined);
  }
}

function composition(set: SetModel, existing: SetView): Problem[] {
  const first = names.replica(set.name, 0);
  const groups = [...existing.groups.values()].filter(({ metadata }) =>
    metadata.name.startsWith(`${first}-`),
  );
  return compositionProblems(set, existing.gangs.get(first), groups);
}
