/**
 * Names of what a PodCliqueSet becomes. They are Grove's, so that tools which read them keep working, and they are
 * deterministic: creating an object twice finds it there already.
 */
export const names = {
  /** Headless Service of one replica of a set, and its base PodGang. */
  replica: (set: string, replica: number): string => `${set}-${replica}`,
  /** Scaling group of one replica of a set. */
  group: (set: string, replica: number, group: string): string => `${set}-${replica}-${group}`,
  /** PodClique of a set's replica, or (with the full name of a group) of a group's replica. */
  clique: (owner: string, replica: number, clique: string): string => `${owner}-${replica}-${clique}`,
  /** PodGang of a group's replica beyond the minimum; counted from 0. */
  scaledGang: (group: string, index: number): string => `${group}-${index}`,
  pod: (clique: string, index: number): string => `${clique}-${index}`,
} as const;

/**
 * Most characters that the names of a set, a group and a clique may have together: leaves room for four dashes and
 * three indexes in the 63 of a host name.
 */
export const MAX_NAMES_LENGTH = 45;
