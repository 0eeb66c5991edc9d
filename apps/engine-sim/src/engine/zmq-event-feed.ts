import type { PublishedEvent } from '@penstock/engine';
import type { KvEventsConfig } from '../options/kv-events-config.js';
import type { CacheEventFeed } from './cache-event-feed.js';

export interface OpenFeed extends CacheEventFeed {
  endpoint: string;
  replayEndpoint: string | null;
  lastSequence: number | null;
  close(): Promise<void>;
}
export async function openEventFeed(_c: KvEventsConfig, _o: unknown): Promise<OpenFeed> {
  return {
    endpoint: '',
    replayEndpoint: null,
    lastSequence: null,
    publish(_e: readonly PublishedEvent[]) {},
    async close() {},
  };
}
