/** llm-d's `lruCapacityPerServer`. */
export const APPROXIMATE_BLOCKS_PER_ENDPOINT = 31_250;
/** llm-d's approximate producer hashes blocks of at least this many tokens. */
export const APPROXIMATE_BLOCK_TOKENS = 64;
/** Prompt tokens beyond this are not looked at. */
export const APPROXIMATE_MAX_TOKENS = 131_072;

/**
 * Guesses which endpoint holds which prefix from where requests were sent, as llm-d's approx-prefix-cache-producer:
 * per endpoint an LRU of block keys. Keys are chained (each stands for the whole prefix up to it).
 */
export class ApproximatePrefixIndex {
  private readonly endpoints = new Map<string, Set<number>>();

  constructor(private readonly blocksPerEndpoint = APPROXIMATE_BLOCKS_PER_ENDPOINT) {}

  /** Leading keys that the endpoint was sent before and that have not aged out. Does not make them younger. */
  match(endpointId: string, keys: ArrayLike<number>): number {
    const held = this.endpoints.get(endpointId);
    if (!held) return 0;
    let matched = 0;
    while (matched < keys.length && held.has(keys[matched]!)) matched++;
    return matched;
  }

  /** Notes that a prompt was sent to an endpoint. */
  add(endpointId: string, keys: ArrayLike<number>): void {
    let held = this.endpoints.get(endpointId);
    if (!held) {
      held = new Set();
      this.endpoints.set(endpointId, held);
    }
    // A Set iterates in order of insertion, so its first member is the least recently added.
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!;
      held.delete(key);
      held.add(key);
    }
    if (held.size <= this.blocksPerEndpoint) return;
    for (const oldest of held) {
      held.delete(oldest);
      if (held.size <= this.blocksPerEndpoint) return;
    }
  }

  /** Forgets an endpoint that is gone or has restarted. */
  removeEndpoint(endpointId: string): void {
    this.endpoints.delete(endpointId);
  }
}
