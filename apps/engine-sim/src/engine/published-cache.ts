import type { CacheEvent } from '@penstock/core/engine-model';
import { eventExtraKeys, type PublishedEvent } from '@penstock/engine';

import type { CacheEventFeed } from './cache-event-feed.js';
import type { Generation } from './generation.js';

/** What vLLM says of the blocks of a model with one kind of attention. */
const ATTENTION_GROUP = { groupIdx: 0, specKind: 'full_attention' } as const;

interface Entry {
  /** The block's hash as a latin-1 string: a third of a Buffer's memory. */
  readonly digest: string;
  /** Likewise; null for the first block of a prompt. The parent itself may be gone already. */
  readonly parent: string | null;
  /** Blocks that hold this content. */
  copies: number;
}

/** One cached block, hashes in hexadecimal. */
export interface CachedBlock {
  readonly hash: string;
  readonly parent: string | null;
}

/**
 * The cache as its events tell it: translates the model's content ids back to hashes, publishes one batch per
 * step, and remembers what was published.
 */
export class PublishedCache {
  private readonly entries = new Map<number, Entry>();

  /** `feed` absent: nothing is published. */
  constructor(
    private readonly blockSize: number,
    private readonly feed: CacheEventFeed | undefined,
  ) {}

  publish(events: readonly CacheEvent<Generation>[]): void {
    if (events.length === 0) return;
    const outgoing: PublishedEvent[] = [];
    for (const event of events)
      outgoing.push(event.type === 'stored' ? this.store(event) : this.remove(event.contents));
    this.feed?.publish(outgoing);
  }

  clear(): void {
    this.entries.clear();
    this.feed?.publish([{ type: 'cleared' }]);
  }

  /** The blocks published and not removed, in order of their first storing. */
  blocks(): CachedBlock[] {
    return [...this.entries.keys()].map((content) => this.describe(content));
  }

  /** One block by the model's content id. Throws when it was never published: the two views differ. */
  describe(content: number): CachedBlock {
    const { digest, parent } = this.entry(content);
    return { hash: hex(digest), parent: parent === null ? null : hex(parent) };
  }

  private entry(content: number): Entry {
    const entry = this.entries.get(content);
    if (!entry) throw new Error(`block ${content} is cached and was never published`);
    return entry;
  }

  private store(event: Extract<CacheEvent<Generation>, { type: 'stored' }>): PublishedEvent {
    const { request, firstBlock, contents } = event;
    const before = firstBlock === 0 ? null : request.chain.digest(firstBlock - 1);
    let parent = before?.toString('latin1') ?? null;
    const hashes: Buffer[] = [];
    for (let i = 0; i < contents.length; i++) {
      const digest = request.chain.digest(firstBlock + i);
      hashes.push(digest);
      const known = this.entries.get(contents[i]!);
      const text = known?.digest ?? digest.toString('latin1');
      if (known) known.copies++;
      else this.entries.set(contents[i]!, { digest: text, parent, copies: 1 });
      parent = text;
    }
    return {
      type: 'stored',
      hashes,
      parent: before,
      tokenIds: request.allTokens.subarray(
        firstBlock * this.blockSize,
        (firstBlock + contents.length) * this.blockSize,
      ),
      blockSize: this.blockSize,
      ...ATTENTION_GROUP,
      ...(request.identity.cacheSalt && {
        extraKeys: contents.map((_, i) => eventExtraKeys(request.identity, firstBlock + i)),
      }),
    };
  }

  private remove(contents: readonly number[]): PublishedEvent {
    const hashes = contents.map((content) => {
      const entry = this.entry(content);
      entry.copies--;
      if (entry.copies === 0) this.entries.delete(content);
      return Buffer.from(entry.digest, 'latin1');
    });
    return { type: 'removed', hashes, groupIdx: ATTENTION_GROUP.groupIdx };
  }
}

const hex = (digest: string): string => Buffer.from(digest, 'latin1').toString('hex');
