import type { Cluster, ClusterObject, ResourceKind } from '@penstock/core/ports';

type Labels = Readonly<Record<string, string>>;
type Loose = ClusterObject & { spec?: Record<string, unknown> };

/** Scale targets whose pods' labels can be read, by kind, with the version to read where the reference names none. */
const TARGETS: Readonly<Record<string, { readonly plural: string; readonly apiVersion: string }>> = {
  Deployment: { plural: 'deployments', apiVersion: 'apps/v1' },
  StatefulSet: { plural: 'statefulsets', apiVersion: 'apps/v1' },
  ReplicaSet: { plural: 'replicasets', apiVersion: 'apps/v1' },
  LeaderWorkerSet: { plural: 'leaderworkersets', apiVersion: 'leaderworkerset.x-k8s.io/v1' },
  PodClique: { plural: 'podcliques', apiVersion: 'grove.io/v1alpha1' },
  PodCliqueSet: { plural: 'podcliquesets', apiVersion: 'grove.io/v1alpha1' },
  PodCliqueScalingGroup: { plural: 'podcliquescalinggroups', apiVersion: 'grove.io/v1alpha1' },
};

export interface TargetRef {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly name: string;
}

/**
 * The labels that the pods of a scale target get, one set per kind of pod: known before there is a pod.
 *
 * @returns empty when the target does not exist or is of a kind whose pods are not known
 * @throws ClusterError
 */
export async function targetLabels(cluster: Cluster, namespace: string, ref: TargetRef): Promise<Labels[]> {
  const target = await read(cluster, namespace, ref);
  if (!target) return [];
  if (ref.kind !== 'PodCliqueScalingGroup') return labelsOf(target);
  const owner = target.metadata.ownerReferences?.find((each) => each.kind === 'PodCliqueSet');
  const set = owner && (await read(cluster, namespace, owner));
  const names = target.spec?.['cliqueNames'];
  return set ? cliqueLabels(set, Array.isArray(names) ? names : []) : [];
}

async function read(cluster: Cluster, namespace: string, ref: TargetRef): Promise<Loose | undefined> {
  const known = Object.hasOwn(TARGETS, ref.kind) ? TARGETS[ref.kind] : undefined;
  const [group, version] = (ref.apiVersion ?? known?.apiVersion ?? '').split('/');
  if (known === undefined || group === undefined || version === undefined) return undefined;
  const kind: ResourceKind<Loose> = {
    group,
    version,
    plural: known.plural,
    kind: ref.kind,
    namespaced: true,
  };
  return cluster.get(kind, namespace, ref.name);
}

function labelsOf(target: Loose): Labels[] {
  switch (target.kind) {
    // The controller of a PodClique gives its pods the labels of the object.
    case 'PodClique':
      return target.metadata.labels ? [target.metadata.labels] : [];
    case 'PodCliqueSet':
      return cliqueLabels(target);
    case 'LeaderWorkerSet':
      return labelSet(target.spec, 'leaderWorkerTemplate', 'workerTemplate', 'metadata', 'labels');
    default:
      return labelSet(target.spec, 'template', 'metadata', 'labels');
  }
}

/** Labels of the cliques of a PodCliqueSet: of all, or of those named. */
function cliqueLabels(set: Loose, names?: readonly unknown[]): Labels[] {
  const cliques = at(set.spec, 'template', 'cliques');
  if (!Array.isArray(cliques)) return [];
  return cliques
    .filter((clique) => names === undefined || names.includes(at(clique, 'name')))
    .flatMap((clique) => labelSet(clique, 'labels'));
}

function labelSet(from: unknown, ...path: string[]): Labels[] {
  const labels = at(from, ...path);
  return typeof labels === 'object' && labels !== null ? [labels as Labels] : [];
}

function at(from: unknown, ...path: string[]): unknown {
  let value = from;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
