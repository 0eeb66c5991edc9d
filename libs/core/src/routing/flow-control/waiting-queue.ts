/** One waiting request: where it stands, what it counts for, and what the caller hung on it. */
export interface WaitingSeat<T> {
  readonly queue: string;
  readonly item: T;
  readonly bytes: number;
  /** When it first began to wait, in the caller's milliseconds. */
  readonly sinceMs: number;
}

/** A seat with its neighbours; only the queue that holds it touches them. */
export interface WaitingNode<T> extends WaitingSeat<T> {
  before?: WaitingNode<T>;
  after?: WaitingNode<T>;
}

/**
 * Requests in the order in which they began to wait, oldest first. Both ends and any node in between are removed in
 * constant time.
 */
export class WaitingQueue<T> {
  oldest: WaitingNode<T> | undefined;
  newest: WaitingNode<T> | undefined;
  length = 0;
  bytes = 0;

  /** Puts a node behind everything that is not younger: one that comes back gets its old place. */
  insert(node: WaitingNode<T>): void {
    let before = this.newest;
    if (this.oldest && node.sinceMs < this.oldest.sinceMs) before = undefined;
    while (before && before.sinceMs > node.sinceMs) before = before.before;
    const after = before ? before.after : this.oldest;
    node.before = before;
    node.after = after;
    if (before) before.after = node;
    else this.oldest = node;
    if (after) after.before = node;
    else this.newest = node;
    this.length++;
    this.bytes += node.bytes;
  }

  /** Takes out a node that is in this queue. */
  remove(node: WaitingNode<T>): void {
    const { before, after } = node;
    if (before) before.after = after;
    else this.oldest = after;
    if (after) after.before = before;
    else this.newest = before;
    node.before = undefined;
    node.after = undefined;
    this.length--;
    this.bytes -= node.bytes;
  }
}
