import type { Clock, Cluster } from '@penstock/core/ports';
import { compositionProblems } from '../workload/composition.js';
import { instancesOf } from '../workload/instances.js';
import { names } from '../workload/names.js';
import { readSet } from '../workload/read-set.js';
import { resolveTopology, type TopologyResolution, topologyNameOf } from '../workload/resolve-topology.js';
import { ignoredFinding, topologyFinding, validFinding } from '../workload/set-findings.js';
import type { Problem, SetModel } from '../workload/set-model.js';
import type { FencedWriter } from './fenced-writer.js';
import { removeExcess } from './remove-excess.js';
import { existingScale, type SetView, setView } from './set-view.js';
import { SetWriter } from './set-writer.js';
import { splitKey } from './split-key.js';
import { StatusWriter } from './status-writer.js';
import type { WorkloadView } from './workload-view.js';

/** When what is known of a set is older than the API's, the news are on their way. */
const STALE_RETRY_MS = 200;

/** Makes of a PodCliqueSet its services, scaling groups, gangs and cliques, and says how it is. */
export class SetController {
  constructor(
    private readonly view: WorkloadView,
    private readonly writer: FencedWriter,
    private readonly cluster: Pick<Cluster, 'get'>,
    private readonly clock: Clock,
    private readonly options: { readonly schedulerName: string },
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
    return isCurrent ? undefined : { againInMs: STALE_RETRY_MS };
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
