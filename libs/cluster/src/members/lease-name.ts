import { createHash } from 'node:crypto';

/** Longest name of an object in Kubernetes. */
const MAX_NAME = 253;

/**
 * Name of the Lease of one member of a group: `penstock-<group>-<member>`. A member whose name Kubernetes would not take
 * there (characters, length) gets one made of what can be kept and a hash, so that two members never share a Lease.
 */
export function leaseNameOf(group: string, member: string): string {
  const name = `penstock-${group}-${member}`;
  if (
    name.length <= MAX_NAME &&
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name)
  )
    return name;
  const hash = createHash('sha256').update(member).digest('hex').slice(0, 10);
  const kept = name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return `${kept.slice(0, MAX_NAME - hash.length - 1).replace(/-+$/, '')}-${hash}`;
}
