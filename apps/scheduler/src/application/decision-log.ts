import { LRUCache } from 'lru-cache';
import type { DecisionRecord } from './decision-record.js';

/** The last decisions of this process, by request id. */
export class DecisionLog {
  private readonly records: LRUCache<string, DecisionRecord>;

  constructor(capacity: number) {
    this.records = new LRUCache({ max: capacity });
  }

  get size(): number {
    return this.records.size;
  }

  add(record: DecisionRecord): void {
    this.records.set(record.requestId, record);
  }

  find(requestId: string): DecisionRecord | undefined {
    return this.records.get(requestId);
  }
}
