import type { ResourceKind } from '@penstock/core/ports';

type Labels = Readonly<Record<string, string>>;

/** A scalable object, as far as its replicas are concerned. */
export interface Target {
  readonly kind: ResourceKind;
  readonly namespace: string;
  readonly name: string;
  readonly specReplicas: number;
  /** Labels that its pods get, one set per kind of pod; known before there is a pod. */
  readonly podLabels: readonly Labels[];
  /** Selects its pods. */
  readonly selector: Labels;
  /** Label of a pod that names its replica; absent where every pod is a replica. */
  readonly replicaLabel?: string;
  /** Pods of one whole replica. */
  readonly podsPerReplica: number;
}

/** `<kind>.<group>/<namespace>/<name>`. */
export function targetKey({ kind, namespace, name }: Pick<Target, 'kind' | 'namespace' | 'name'>): string {
  return `${kind.kind}.${kind.group}/${namespace}/${name}`;
}
