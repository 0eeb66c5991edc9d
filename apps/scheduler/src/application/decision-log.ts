import { LRUCache } from 'lru-cache';
import type { DecisionRecord } from './decision-record.js';

/**
 * How many of the newest records keep everything that decides the same again, each as large as its pool, and the keys to
 * load.
 */
const REPLAYABLE = 500;

/** The last decisions of this process, by request id. */
export class DecisionLog {
  private readonly records: LRUCache<string, DecisionRecord>;
  private readonly replayable: LRUCache<string, DecisionRecord>;

  constructor(capacity: number) {
    this.records = new LRUCache({ max: capacity });
    this.replayable = new LRUCache({ max: Math.min(capacity, REPLAYABLE) });
  }

  add(record: DecisionRecord): void {
    const { input, loads: _, ...short } = record;
    this.records.set(record.requestId, short);
    if (input) this.replayable.set(record.requestId, record);
    else this.replayable.delete(record.requestId);
  }

  find(requestId: string): DecisionRecord | undefined {
    return this.replayable.get(requestId) ?? this.records.get(requestId);
  }
}
