import { type WaitingNode, WaitingQueue, type WaitingSeat } from './waiting-queue.js';

export interface WaitingRoomLimits {
  /** Requests in all queues together. */
  readonly maxRequests: number;
  /** Their bodies together, in bytes. */
  readonly maxBytes: number;
  /** Longest wait of one request. */
  readonly maxWaitMs: number;
}

/** What came of a request that asked for a seat. */
export type Entrance<T> =
  | {
      readonly kind: 'entered';
      readonly seat: WaitingSeat<T>;
      /** Requests of a larger queue that had to make room; they wait no longer. */
      readonly displaced: ReadonlyArray<WaitingSeat<T>>;
    }
  | { readonly kind: 'full'; readonly limit: 'requests' | 'bytes' };

/** One queue with somebody in it. */
export interface WaitingQueueState {
  readonly queue: string;
  readonly requests: number;
  readonly bytes: number;
}

/**
 * Requests that wait for something to become available, in one queue per thing they wait for.
 *
 * Bounded in number, bytes and time; first come, first served inside a queue. When it is full, the newest requests of
 * the largest queue make room for those of a smaller one (buffer stealing, McKenney 1990), so that one busy queue
 * cannot keep the others out. Every request that enters leaves exactly once: by `leave`, `release`, `expire`, `clear`
 * or displaced. Time comes from the caller.
 */
export class WaitingRoom<T> {
  private readonly queues = new Map<string, WaitingQueue<T>>();
  private readonly inside = new Set<WaitingSeat<T>>();
  private total = 0;

  constructor(private readonly limits: WaitingRoomLimits) {}

  get requests(): number {
    return this.inside.size;
  }

  get bytes(): number {
    return this.total;
  }

  /**
   * Asks for a seat.
   *
   * @param sinceMs when the request began to wait; one that comes back after a release passes its first time
   */
  enter(queue: string, item: T, bytes: number, sinceMs: number): Entrance<T> {
    const overRequests = this.inside.size + 1 > this.limits.maxRequests;
    const overBytes = this.total + bytes > this.limits.maxBytes;
    const displaced = overRequests || overBytes ? this.makeRoom(queue, bytes, overBytes) : [];
    if (!displaced) return { kind: 'full', limit: overBytes ? 'bytes' : 'requests' };
    for (const node of displaced) this.take(node);
    const node: WaitingNode<T> = { queue, item, bytes, sinceMs };
    this.queueOf(queue).insert(node);
    this.inside.add(node);
    this.total += bytes;
    return { kind: 'entered', seat: node, displaced };
  }

  /** Gives a seat back; false when the request is not waiting any more. */
  leave(seat: WaitingSeat<T>): boolean {
    if (!this.inside.has(seat)) return false;
    this.take(seat as WaitingNode<T>);
    return true;
  }

  /** Takes out up to `count` requests of a queue, the longest waiting first. */
  release(queue: string, count: number): Array<WaitingSeat<T>> {
    const released: Array<WaitingSeat<T>> = [];
    for (let oldest = this.queues.get(queue)?.oldest; oldest && released.length < count; ) {
      const next = oldest.after;
      released.push(this.take(oldest));
      oldest = next;
    }
    return released;
  }

  /** Takes out everything that has waited for the longest allowed time. */
  expire(nowMs: number): Array<WaitingSeat<T>> {
    const expired: Array<WaitingSeat<T>> = [];
    for (const { oldest } of [...this.queues.values()]) {
      for (let node = oldest; node && node.sinceMs + this.limits.maxWaitMs <= nowMs; ) {
        const next = node.after;
        expired.push(this.take(node));
        node = next;
      }
    }
    return expired;
  }

  /** Takes out everything. */
  clear(): Array<WaitingSeat<T>> {
    return [...this.inside].map((seat) => this.take(seat as WaitingNode<T>));
  }

  /** Queues with somebody in them. */
  *states(): IterableIterator<WaitingQueueState> {
    for (const [queue, { length, bytes }] of this.queues) yield { queue, requests: length, bytes };
  }

  /** Who waits in a queue, the longest waiting first. */
  *waiting(queue: string): IterableIterator<T> {
    for (let node = this.queues.get(queue)?.oldest; node; node = node.after) yield node.item;
  }

  holds(queue: string): boolean {
    return this.queues.has(queue);
  }

  /**
   * The newest requests of the largest queue that must go; undefined when that queue would become smaller than the one
   * of the newcomer, or cannot free enough.
   */
  private makeRoom(queue: string, bytes: number, overBytes: boolean): Array<WaitingNode<T>> | undefined {
    const own = this.queues.get(queue);
    const size = (q: WaitingQueue<T> | undefined) => (q === undefined ? 0 : overBytes ? q.bytes : q.length);
    let largest: WaitingQueue<T> | undefined;
    for (const each of this.queues.values()) if (size(each) > size(largest)) largest = each;
    if (!largest || largest === own) return undefined;
    const after = size(own) + (overBytes ? bytes : 1);
    let left = size(largest);
    let [requests, total] = [this.inside.size + 1, this.total + bytes];
    const leaving: Array<WaitingNode<T>> = [];
    for (let node = largest.newest; node; node = node.before) {
      if (requests <= this.limits.maxRequests && total <= this.limits.maxBytes) return leaving;
      left -= overBytes ? node.bytes : 1;
      if (left < after) return undefined;
      requests--;
      total -= node.bytes;
      leaving.push(node);
    }
    return undefined;
  }

  private take(node: WaitingNode<T>): WaitingNode<T> {
    const queue = this.queueOf(node.queue);
    queue.remove(node);
    if (queue.length === 0) this.queues.delete(node.queue);
    this.inside.delete(node);
    this.total -= node.bytes;
    return node;
  }

  private queueOf(name: string): WaitingQueue<T> {
    let queue = this.queues.get(name);
    if (!queue) {
      queue = new WaitingQueue();
      this.queues.set(name, queue);
    }
    return queue;
  }
}
