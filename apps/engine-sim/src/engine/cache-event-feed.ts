import type { PublishedEvent } from '@penstock/engine';

/** Where cache events go. */
export interface CacheEventFeed {
  /** Publishes one batch. Never blocks. */
  publish(events: readonly PublishedEvent[]): void;
}
