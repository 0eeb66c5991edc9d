import type { LabelledPods, Pool, PoolDirectory } from '@penstock/cluster';
import type { EngineTarget } from './engine-target.js';
import { labelledPools } from './labelled-engines.js';
import type { RegisteredInstances } from './registered-instances.js';
import { targetsOf } from './targets-of.js';

export interface EngineSourcesOptions {
  readonly directory: PoolDirectory;
  /** Engine pods by their labels, whether pools select them or not; absent when none are looked for. */
  readonly labelled: LabelledPods | undefined;
  readonly registry: RegisteredInstances;
  /** Engines of a list. */
  readonly listed: readonly EngineTarget[];
  /** HTTP port of labelled pods that do not name theirs. */
  readonly enginePort: number;
}

/** Everything that names engines: pools, labels of pods, a list, and who registers them. */
export class EngineSources {
  constructor(private readonly options: EngineSourcesOptions) {}

  /** Until the pools are known, pods are not: one of a pool would seem to be of none. */
  targets(): EngineTarget[] {
    const { directory, labelled, registry, listed, enginePort } = this.options;
    const pools = directory.synced ? directory.pools() : [];
    const pods = directory.synced ? (labelled?.pods() ?? []) : [];
    const views = [...pools, ...labelledPools(pods, pools, enginePort)];
    return [...targetsOf(views), ...listed, ...registry.targets()];
  }

  /** Pools whose engines are all known: what is stored of others in them is of engines that left. */
  completePools(): Pool[] {
    const { directory } = this.options;
    return directory.synced ? directory.pools().map(({ pool }) => pool) : [];
  }

  /** Calls the listener after every change. @returns a function that ends it */
  onChange(listener: () => void): () => void {
    const { directory, labelled, registry } = this.options;
    const ends = [directory, labelled, registry].map((source) => source?.onChange(listener));
    return () => {
      for (const end of ends) end?.();
    };
  }

  async stop(): Promise<void> {
    await Promise.all([this.options.directory.stop(), this.options.labelled?.stop()]);
  }
}
