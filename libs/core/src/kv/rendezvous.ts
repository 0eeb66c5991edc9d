import xxhash from 'xxhash-wasm';

const { h64 } = await xxhash();

/**
 * The member that a key belongs to, by highest random weight (rendezvous) hashing: the weight of a member is
 * `XXH64(key, seed XXH64(member, seed 0))`, of equal weights the smaller name wins. It depends on the set of members
 * alone, not on their order; when one leaves only its own keys move, and a new one takes keys but moves none between others.
 *
 * @returns undefined when there are no members
 */
export function rendezvousOwner(key: string, members: Iterable<string>): string | undefined {
  let owner: string | undefined;
  let highest = -1n;
  for (const member of members) {
    const weight = h64(key, h64(member, 0n));
    if (weight < highest || (weight === highest && owner !== undefined && owner <= member)) continue;
    owner = member;
    highest = weight;
  }
  return owner;
}
