/** llm-d's `lruCapacityPerServer`. */
export const APPROXIMATE_BLOCKS_PER_ENDPOINT = 31_250;
/** llm-d's approximate producer hashes blocks of at least this many tokens. */
export const APPROXIMATE_BLOCK_TOKENS = 64;
/** Prompt tokens beyond this are not looked at. */
export const APPROXIMATE_MAX_TOKENS = 131_072;

/** A prompt as it was sent to an endpoint, for what its answer tells. */
export interface RoutedPrefix {
  /** When each of the leading keys that the endpoint was thought to hold had been sent there before, by `add`'s count. */
  readonly sentBefore: Float64Array;
}

/**
 * Guesses which endpoint holds which prefix from where requests were sent, as llm-d's approx-prefix-cache-producer:
 * per endpoint an LRU of block keys. Keys are chained (each stands for the whole prefix up to it). What answers say of cached
 * tokens corrects it.
 */
export class ApproximatePrefixIndex {
  /** Per endpoint: when each key was last sent there, the least recently sent first. */
  private readonly endpoints = new Map<string, Map<number, number>>();
  private prompts = 0;

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
  add(endpointId: string, keys: ArrayLike<number>): RoutedPrefix {
    let held = this.endpoints.get(endpointId);
    if (!held) {
      held = new Map();
      this.endpoints.set(endpointId, held);
    }
    const sentBefore = new Float64Array(this.match(endpointId, keys));
    const now = ++this.prompts;
    // A Map iterates in order of insertion, so its first member is the least recently added.
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!;
      if (i < sentBefore.length) sentBefore[i] = held.get(key)!;
      held.delete(key);
      held.set(key, now);
    }
    for (const oldest of held.keys()) {
      if (held.size <= this.blocksPerEndpoint) break;
      held.delete(oldest);
    }
    return { sentBefore };
  }

  /**
   * Takes in how many leading keys of a prompt the endpoint really had. Where it had fewer than thought, it has dropped what
   * was sent there before the first one that was missing, too. One key less is no news: engines compute the end of a
   * prompt in any case. Returns whether the guess was right.
   */
  learn(endpointId: string, { sentBefore }: RoutedPrefix, cachedKeys: number): boolean {
    const held = this.endpoints.get(endpointId);
    if (cachedKeys + 1 >= sentBefore.length || !held) return true;
    const missing = sentBefore[cachedKeys]!;
    for (const [key, sent] of held) {
      if (sent >= missing) break;
      held.delete(key);
    }
    return false;
  }

  /** Forgets an endpoint that is gone or has restarted. */
  removeEndpoint(endpointId: string): void {
    this.endpoints.delete(endpointId);
  }
}
