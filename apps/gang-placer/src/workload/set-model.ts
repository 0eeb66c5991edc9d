import type { PodCliqueSpec } from '@penstock/contracts';

/** Where all pods of something must (or should) be close together, by the names of topology domains. */
export interface Closeness {
  /** Name of the ClusterTopologyBinding, inherited where the object names none. */
  readonly topology: string;
  readonly required?: string;
  readonly preferred?: string;
  /** Field of the set that says so. */
  readonly path: string;
}

export interface CliqueModel {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: PodCliqueSpec;
  readonly replicas: number;
  /** Absent: as many as the replicas with which a clique is created. */
  readonly minAvailable?: number;
  /** Names of cliques of the same set that must be ready first, whatever the start order is called. */
  readonly startsAfter: readonly string[];
  readonly closeness?: Closeness;
}

export interface GroupModel {
  readonly name: string;
  readonly cliqueNames: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly replicas: number;
  readonly minAvailable: number;
  readonly closeness?: Closeness;
}

/** A valid PodCliqueSet with its defaults filled in. */
export interface SetModel {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly replicas: number;
  /** Template changes wait until somebody deletes the pods. */
  readonly updateOnDelete: boolean;
  readonly priorityClassName?: string;
  readonly schedulerName?: string;
  readonly publishNotReadyAddresses: boolean;
  /** How long a gang may stay below its minimum before its pods are replaced together. */
  readonly terminationDelayMs: number;
  readonly closeness?: Closeness;
  readonly cliques: readonly CliqueModel[];
  readonly groups: readonly GroupModel[];
  /** Paths of fields that are kept but not acted upon. */
  readonly ignored: readonly string[];
}

/** What is wrong with a set: where, what, and how to mend it. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

/** Group that a clique belongs to; undefined for a standalone clique. */
export function groupOfClique(set: SetModel, clique: string): GroupModel | undefined {
  return set.groups.find((group) => group.cliqueNames.includes(clique));
}
