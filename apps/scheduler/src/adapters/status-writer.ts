import type { ModelClaim, ModelDirectory, PoolDirectory, PoolObject } from '@penstock/cluster';
import { inferenceModelKind, inferenceModelRewriteKind } from '@penstock/contracts';
import {
  type Cluster,
  ClusterError,
  type ClusterObject,
  type LeaseHandle,
  type ResourceKind,
} from '@penstock/core/ports';
import type { Fleet } from '../application/fleet.js';
import type { PoolPolicies } from '../application/pool-policies.js';
import type { PrefixView } from '../application/prefix-view.js';
import {
  type Condition,
  mergeConditions,
  type WantedCondition,
} from '../application/status/merge-conditions.js';
import { modelConditions } from '../application/status/model-conditions.js';
import { poolConditions } from '../application/status/pool-conditions.js';
import type { ModelParity, ParityView } from '../application/tokenizing/tokenizer-parity.js';

export interface StatusWriterOptions {
  readonly cluster: Cluster;
  readonly pools: PoolDirectory;
  readonly models: ModelDirectory;
  readonly fleet: Fleet;
  readonly policies: PoolPolicies;
  readonly prefixes: PrefixView;
  /** Absent when tokens are not compared. */
  readonly parity?: ParityView;
  /** Where the lease is that one replica holds. */
  readonly leaseNamespace: string;
  /** Name of this replica. */
  readonly instance: string;
  readonly intervalMs: number;
  readonly onWrite?: (kind: string, result: 'written' | 'conflict' | 'failed') => void;
}

/** What the entries of this controller in the status of a pool are known by. */
const PARENT = { group: 'penstock.dev', kind: 'Scheduler', name: 'penstock-scheduler' };
const CONTROLLER = 'penstock.dev/scheduler';
const LEASE_NAME = 'penstock-scheduler-status';

interface Parent {
  readonly parentRef?: { readonly kind?: string; readonly name?: string };
  readonly conditions?: readonly Condition[];
}

/** Keeps the statuses of InferencePools, InferenceModels and rewrites up to date, from the one replica that leads. */
export class StatusWriter {
  private lease: LeaseHandle | undefined;
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> | undefined;
  private failure: string | undefined;

  constructor(private readonly options: StatusWriterOptions) {}

  start(): void {
    const { cluster, leaseNamespace, instance, intervalMs } = this.options;
    this.lease = cluster.lease({
      namespace: leaseNamespace,
      name: LEASE_NAME,
      identity: instance,
      onAcquired: () => {
        this.timer ??= setInterval(() => this.tick(), intervalMs).unref();
        this.tick();
      },
      onLost: () => this.rest(),
    });
  }

  /** Whether this replica writes, and why it could not; absent when all is written. */
  status(): { readonly leads: boolean; readonly problem?: string } {
    const leads = this.lease?.held ?? false;
    return { leads, ...(leads && this.failure !== undefined ? { problem: this.failure } : {}) };
  }

  async stop(): Promise<void> {
    this.rest();
    await this.writing;
    await this.lease?.release();
  }

  private rest(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private tick(): void {
    const { pools, models } = this.options;
    if (this.writing || !pools.synced || !models.synced) return;
    this.writing = this.writeAll().finally(() => {
      this.writing = undefined;
    });
  }

  private async writeAll(): Promise<void> {
    const { pools, models } = this.options;
    const failures: string[] = [];
    for (const object of pools.objects())
      await this.write(object.kind, object.object, this.poolStatus(object), failures);
    for (const claim of models.claims()) {
      const kind = claim.object.kind === 'InferenceModel' ? inferenceModelKind : inferenceModelRewriteKind;
      await this.write(kind, claim.object, this.modelStatus(claim), failures);
    }
    const [first, ...more] = failures;
    this.failure = first && `${first}${more.length > 0 ? ` (and ${more.length} more)` : ''}`;
  }

  /** The status to write; undefined when it is as it should be. */
  private poolStatus({ object, problem, kind }: PoolObject): object | undefined {
    const { fleet, policies, prefixes, parity } = this.options;
    const { namespace = 'default', name } = object.metadata;
    const pool = fleet.pool(namespace, name);
    const { endpointPickerRef } = (object.spec ?? {}) as { endpointPickerRef?: { name?: string } };
    const wanted = poolConditions({
      ...(problem ? { problem } : {}),
      ...(pool ? { pool, policy: policies.of(pool) } : {}),
      ...(endpointPickerRef?.name === undefined ? {} : { pickerName: endpointPickerRef.name }),
      ...(pool && parity ? { parity: parityOf(parity, fleet.baseModels(pool)) } : {}),
      follows: (engineId) => prefixes.follows(engineId),
    });
    // The older version calls the list `parent` and its entries name no controller.
    const old = kind.version !== 'v1';
    const list = old ? 'parent' : 'parents';
    const parents = listIn<Parent>(object, list);
    const isOwn = ({ parentRef }: Parent) =>
      parentRef?.kind === PARENT.kind && parentRef.name === PARENT.name;
    const conditions = this.merged(object, parents.find(isOwn)?.conditions ?? [], wanted);
    if (!conditions) return undefined;
    const own = { parentRef: PARENT, ...(old ? {} : { controllerName: CONTROLLER }), conditions };
    return { [list]: [...parents.filter((parent) => !isOwn(parent)), own] };
  }

  private modelStatus({ object, invalid, takenBy, rule }: ModelClaim): object | undefined {
    const { fleet } = this.options;
    const { namespace = 'default' } = object.metadata;
    const { modelName, criticality, poolRef } = (object.spec ?? {}) as {
      modelName?: string;
      criticality?: string;
      poolRef?: { name?: string };
    };
    const pool = fleet.pool(namespace, poolRef?.name ?? '');
    const wanted = modelConditions({
      poolId: `${namespace}/${poolRef?.name ?? ''}`,
      ...(pool ? { pool } : {}),
      ...(invalid === undefined ? {} : { invalid }),
      ...(takenBy === undefined ? {} : { taken: { modelName: modelName ?? '', by: takenBy } }),
      ...(rule ? { targets: rule.targets.map((target) => target.model) } : {}),
      ...(criticality !== undefined && rule?.priority !== undefined
        ? { criticality: { name: criticality, priority: rule.priority } }
        : {}),
    });
    const conditions = this.merged(object, listIn<Condition>(object, 'conditions'), wanted);
    return conditions && { conditions };
  }

  private merged(
    object: ClusterObject,
    existing: readonly Condition[],
    wanted: readonly WantedCondition[],
  ): Condition[] | undefined {
    // The API keeps full seconds.
    const now = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString().replace('.000Z', 'Z');
    return mergeConditions(existing, wanted, object.metadata.generation, now);
  }

  private async write(
    kind: ResourceKind,
    { metadata }: ClusterObject,
    status: object | undefined,
    failures: string[],
  ): Promise<void> {
    const { cluster, onWrite } = this.options;
    if (!status || !this.lease?.held) return;
    const { namespace, name, resourceVersion } = metadata;
    try {
      // With the version that was read: others write to the same lists.
      const patch = { metadata: { resourceVersion }, status };
      await cluster.mergePatch(kind, namespace, name, patch, { subresource: 'status' });
      onWrite?.(kind.kind, 'written');
    } catch (error) {
      const reason = error instanceof ClusterError ? error.reason : undefined;
      // Gone, or changed in between: the next turn sees it as it is.
      const passes = reason === 'not-found' || reason === 'conflict';
      onWrite?.(kind.kind, passes ? 'conflict' : 'failed');
      if (!passes)
        failures.push(`the status of ${kind.kind} ${namespace}/${name} was not written: ${String(error)}`);
    }
  }
}

/** A list in the status of an object that others may have written; empty when it is no list. */
function listIn<T>(object: ClusterObject, name: string): readonly T[] {
  const { status } = object as { status?: Record<string, unknown> };
  const list = status?.[name];
  return Array.isArray(list) ? (list as T[]) : [];
}

const parityOf = (parity: ParityView, models: readonly string[]): ModelParity[] =>
  parity.list().filter(({ model }) => models.includes(model));
