export interface BufferedEntry<T> {
  /** Position since the start: 1 for the first entry. */
  readonly ordinal: number;
  readonly bytes: number;
  readonly value: T;
  state: 'waiting' | 'sent' | 'stored' | 'lost';
  /** Times the server refused it (not: times the connection was lost). */
  refusals: number;
}

export interface BufferLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

const COMPACT_AT = 1024;

/**
 * Entries in publishing order until they are stored. Full means that the oldest entry not yet sent is lost:
 * consumers see the hole by their sequence numbers, and the newest facts are worth the most.
 */
export class PublishBuffer<T> {
  private entries: BufferedEntry<T>[] = [];
  /** Index of the oldest entry that is not settled. */
  private head = 0;
  /** Index of the next entry to send; everything from head to here was sent. */
  private next = 0;
  private lastOrdinal = 0;
  private liveEvents = 0;
  private liveBytes = 0;
  private sentEvents = 0;
  private sentBytes = 0;

  constructor(private readonly limits: BufferLimits) {}

  /** Entries that are neither stored nor lost. */
  get size(): number {
    return this.liveEvents;
  }

  get bytes(): number {
    return this.liveBytes;
  }

  get inFlight(): number {
    return this.sentEvents;
  }

  get inFlightBytes(): number {
    return this.sentBytes;
  }

  /** Ordinal of the newest entry, 0 before the first. */
  get newest(): number {
    return this.lastOrdinal;
  }

  /** Every entry up to this ordinal is settled. */
  get settledTo(): number {
    return this.entries[this.head] ? this.entries[this.head]!.ordinal - 1 : this.lastOrdinal;
  }

  /** Adds an entry; returns those that were lost to make room (the entry itself when nothing else can go). */
  push(value: T, bytes: number): BufferedEntry<T>[] {
    const entry: BufferedEntry<T> = {
      ordinal: ++this.lastOrdinal,
      bytes,
      value,
      state: 'waiting',
      refusals: 0,
    };
    this.entries.push(entry);
    this.liveEvents++;
    this.liveBytes += bytes;
    const lost: BufferedEntry<T>[] = [];
    while (this.liveEvents > this.limits.maxEvents || this.liveBytes > this.limits.maxBytes) {
      const victim = bytes > this.limits.maxBytes ? entry : (this.oldestWaiting() ?? entry);
      if (victim.state !== 'waiting') break;
      this.settle(victim, 'lost');
      lost.push(victim);
    }
    return lost;
  }

  /** The next entry to send, marked as sent; undefined when there is none. */
  takeNext(): BufferedEntry<T> | undefined {
    const entry = this.oldestWaiting();
    if (!entry) return undefined;
    this.next++;
    entry.state = 'sent';
    this.sentEvents++;
    this.sentBytes += entry.bytes;
    return entry;
  }

  /** The entry with this ordinal while it is not settled. */
  find(ordinal: number): BufferedEntry<T> | undefined {
    const first = this.entries[this.head];
    const entry = first ? this.entries[this.head + ordinal - first.ordinal] : undefined;
    return entry && (entry.state === 'waiting' || entry.state === 'sent') ? entry : undefined;
  }

  /** The oldest entry that was sent and is not settled. */
  oldestSent(): BufferedEntry<T> | undefined {
    const entry = this.entries[this.head];
    return entry?.state === 'sent' ? entry : undefined;
  }

  settle(entry: BufferedEntry<T>, outcome: 'stored' | 'lost'): void {
    if (entry.state === 'stored' || entry.state === 'lost') return;
    if (entry.state === 'sent') this.unsend(entry);
    entry.state = outcome;
    // Its place stays until it is compacted away, its content must not: a thousand large events are a gigabyte.
    const first = this.entries[0]!.ordinal;
    this.entries[entry.ordinal - first] = { ...entry, value: undefined as T };
    this.liveEvents--;
    this.liveBytes -= entry.bytes;
    while (this.head < this.entries.length && isSettled(this.entries[this.head]!)) this.head++;
    if (this.next < this.head) this.next = this.head;
    if (this.head >= COMPACT_AT && this.head * 2 >= this.entries.length) {
      this.entries = this.entries.slice(this.head);
      this.next -= this.head;
      this.head = 0;
    }
  }

  /** Everything sent and not settled will be sent again, in order. */
  rewind(): void {
    for (let i = this.head; i < this.next; i++) {
      const entry = this.entries[i]!;
      if (entry.state !== 'sent') continue;
      this.unsend(entry);
      entry.state = 'waiting';
    }
    this.next = this.head;
  }

  private oldestWaiting(): BufferedEntry<T> | undefined {
    while (this.next < this.entries.length && this.entries[this.next]!.state !== 'waiting') this.next++;
    return this.entries[this.next];
  }

  private unsend(entry: BufferedEntry<T>): void {
    this.sentEvents--;
    this.sentBytes -= entry.bytes;
  }
}

function isSettled(entry: BufferedEntry<unknown>): boolean {
  return entry.state === 'stored' || entry.state === 'lost';
}
