import {
  type ClusterTopologyBinding,
  clusterTopologyBindingKind,
  GANG_PLACER_MANAGER,
  GROVE_LABELS,
  type Pod,
  type PodClique,
  type PodCliqueScalingGroup,
  type PodCliqueSet,
  type PodGang,
  podCliqueKind,
  podCliqueScalingGroupKind,
  podCliqueSetKind,
  podGangKind,
  podKind,
  type Service,
  serviceKind,
} from '@penstock/contracts';
import type { Cluster, ClusterObject, Informer, ResourceKind } from '@penstock/core/ports';
import { ObjectIndex } from './object-index.js';

/** Who must look again after a change; keys are `<namespace>/<name>`. */
export interface WorkloadListener {
  set(key: string): void;
  clique(key: string): void;
  gang(key: string): void;
  /** A topology binding, and the sets that may use it. */
  binding(key: string): void;
  synced(): void;
}

/** PodCliqueSets and everything made from them, as last seen, with the ways from one to the other. */
export class WorkloadView {
  readonly sets: Informer<PodCliqueSet>;
  readonly cliques: Informer<PodClique>;
  readonly gangs: Informer<PodGang>;
  readonly groups: Informer<PodCliqueScalingGroup>;
  readonly services: Informer<Service>;
  readonly bindings: Informer<ClusterTopologyBinding>;
  private readonly pods: Informer<Pod>;
  private readonly podsByClique = new ObjectIndex<Pod>((pod) => [labelKey(pod, GROVE_LABELS.podClique)]);
  private readonly cliquesBySet = new ObjectIndex<PodClique>((clique) => [setKey(clique)]);
  private readonly cliquesByParent = new ObjectIndex<PodClique>(({ metadata, spec }) =>
    (spec.startsAfter ?? []).map((name) => `${metadata.namespace}/${name}`),
  );
  private readonly gangsBySet = new ObjectIndex<PodGang>((gang) => [setKey(gang)]);
  private readonly gangsByBase = new ObjectIndex<PodGang>((gang) =>
    gang.metadata.labels?.[GROVE_LABELS.basePodGang] ? [labelKey(gang, GROVE_LABELS.basePodGang)] : [],
  );
  private readonly groupsBySet = new ObjectIndex<PodCliqueScalingGroup>((group) => [setKey(group)]);
  private readonly servicesBySet = new ObjectIndex<Service>((service) => [setKey(service)]);
  /** Pods that were deleted and of which no news came yet, by uid. */
  private readonly leaving = new Set<string>();

  constructor(
    cluster: Cluster,
    namespace: string | undefined,
    private readonly tell: WorkloadListener,
  ) {
    const ours = { namespace, labelSelector: `${GROVE_LABELS.managedBy}=${GANG_PLACER_MANAGER}` };
    const follow = <T extends ClusterObject>(
      kind: ResourceKind<T>,
      options: { namespace?: string; labelSelector?: string },
      indexes: ReadonlyArray<ObjectIndex<T>>,
      changed: (object: T, isGone: boolean) => void,
    ): Informer<T> =>
      cluster.inform(kind, options, {
        onUpsert: (object) => {
          for (const index of indexes) index.upsert(object);
          changed(object, false);
        },
        onDelete: (object) => {
          for (const index of indexes) index.delete(object);
          changed(object, true);
        },
        onSync: () => tell.synced(),
      });
    this.sets = follow(podCliqueSetKind, { namespace }, [], (set) => tell.set(keyOf(set)));
    this.bindings = follow(clusterTopologyBindingKind, {}, [], (binding) => tell.binding(keyOf(binding)));
    this.groups = follow(podCliqueScalingGroupKind, ours, [this.groupsBySet], (group) =>
      tell.set(setKey(group)),
    );
    this.services = follow(serviceKind, ours, [this.servicesBySet], (service) => tell.set(setKey(service)));
    this.gangs = follow(podGangKind, ours, [this.gangsBySet, this.gangsByBase], (gang) =>
      this.gangChanged(gang),
    );
    this.cliques = follow(podCliqueKind, ours, [this.cliquesBySet, this.cliquesByParent], (clique) =>
      this.cliqueChanged(clique),
    );
    const pods = { ...ours, labelSelector: `${ours.labelSelector},${GROVE_LABELS.podClique}` };
    this.pods = follow(podKind, pods, [this.podsByClique], (pod, isGone) => this.podChanged(pod, isGone));
  }

  /** Kinds that were not listed yet. */
  unsynced(): string[] {
    return Object.entries(this.informers())
      .filter(([, informer]) => !informer.synced)
      .map(([name]) => name);
  }

  /** Pods under a clique's label; those that were just deleted show it at once. */
  podsOf(namespace: string, clique: string): Pod[] {
    return this.podsByClique.get(`${namespace}/${clique}`).map((pod) => {
      if (!this.leaving.has(pod.metadata.uid ?? '') || pod.metadata.deletionTimestamp) return pod;
      return {
        ...pod,
        metadata: { ...pod.metadata, deletionTimestamp: pod.metadata.creationTimestamp ?? '' },
      };
    });
  }

  cliquesOf(set: string): PodClique[] {
    return this.cliquesBySet.get(set);
  }

  gangsOf(set: string): PodGang[] {
    return this.gangsBySet.get(set);
  }

  groupsOf(set: string): PodCliqueScalingGroup[] {
    return this.groupsBySet.get(set);
  }

  servicesOf(set: string): Service[] {
    return this.servicesBySet.get(set);
  }

  /** Remembers a deletion until the API tells it. */
  podDeleted({ metadata: { namespace, name, uid = '' } }: Pod): void {
    if (this.pods.get(namespace, name)?.metadata.uid === uid) this.leaving.add(uid);
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.informers()).map((informer) => informer.stop()));
  }

  private gangChanged(gang: PodGang): void {
    this.tell.gang(keyOf(gang));
    this.tell.set(setKey(gang));
    for (const scaled of this.gangsByBase.get(keyOf(gang))) this.tell.gang(keyOf(scaled));
  }

  private cliqueChanged(clique: PodClique): void {
    this.tell.clique(keyOf(clique));
    this.tell.set(setKey(clique));
    this.tell.gang(labelKey(clique, GROVE_LABELS.podGang));
    for (const dependent of this.cliquesByParent.get(keyOf(clique))) this.tell.clique(keyOf(dependent));
  }

  private podChanged(pod: Pod, isGone: boolean): void {
    const clique = labelKey(pod, GROVE_LABELS.podClique);
    const gang = labelKey(pod, GROVE_LABELS.podGang);
    if (isGone) {
      this.leaving.delete(pod.metadata.uid ?? '');
      this.tell.set(setKey(pod));
    }
    this.tell.clique(clique);
    this.tell.gang(gang);
    for (const dependent of this.cliquesByParent.get(clique)) this.tell.clique(keyOf(dependent));
    for (const scaled of this.gangsByBase.get(gang)) this.tell.gang(keyOf(scaled));
  }

  private informers(): Record<string, Informer<unknown>> {
    const { sets, cliques, gangs, groups, services, bindings, pods } = this;
    return { sets, cliques, gangs, groups, services, bindings, pods };
  }
}

export function keyOf({ metadata: { namespace = '', name } }: ClusterObject): string {
  return `${namespace}/${name}`;
}

/** `<namespace>/<value of a label>`: names an object beside this one. */
function labelKey({ metadata: { namespace = '', labels } }: ClusterObject, label: string): string {
  return `${namespace}/${labels?.[label] ?? ''}`;
}

function setKey(object: ClusterObject): string {
  return labelKey(object, GROVE_LABELS.partOf);
}
