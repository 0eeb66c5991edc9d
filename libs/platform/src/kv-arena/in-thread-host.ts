import { PrefixIndex } from '@penstock/core/kv';
import { OrderGiver } from './order-giver.js';
import { ReplicaFeed } from './replica-feed.js';
import type { ReplicaHostOptions, ReplicaHostStatus } from './replica-host.js';
import { tellNews } from './replica-news.js';
import type { ReplicaOrder } from './replica-order.js';

/** Applies on the thread of the caller, before the call returns. */
export class InThreadHost extends OrderGiver {
  readonly index: PrefixIndex;
  private readonly feed: ReplicaFeed;

  constructor(private readonly options: ReplicaHostOptions) {
    super(options.clock);
    this.index = new PrefixIndex({ maxHolders: options.maxHolders });
    this.feed = new ReplicaFeed(this.index);
  }

  status(): ReplicaHostStatus {
    return { mode: 'in-thread', backlogBytes: 0, overflows: 0, restarts: 0, timeouts: 0 };
  }

  async settled(): Promise<void> {}

  async stop(): Promise<void> {}

  protected give(order: ReplicaOrder): void {
    this.feed.take(order);
    const news = this.feed.news();
    tellNews(news, this.options);
    for (const [request, contents] of news.contents) this.answer(request, contents);
  }
}
