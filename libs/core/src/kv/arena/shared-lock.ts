/** Words of the lock in the control column. */
const HELD = 0;
const READER_WAITS = 1;

const FREE = 0;
const TAKEN = 1;
/** Tries before a thread goes to sleep: a stretch of the other one is often nearly over. */
const SPINS = 200;
const MOST_WAKE_UPS = 8;
/** The writer waits this long at most for a reader that announced itself, in case that reader gave up. */
const YIELD_MS = 5;

/**
 * Mutual exclusion of one writer and one reader thread by `Atomics` on two words. The reader goes first: a writer that lets
 * go while the reader waits takes the lock again only after the reader had it. Works on Node's main thread, where
 * `Atomics.wait` may block.
 */
export class SharedLock {
  /** `words` begins with the two words of the lock. */
  constructor(private readonly words: Int32Array) {}

  /** For the reader: whether it got the lock; it waits about `timeoutMs` at most. */
  tryLockAsReader(timeoutMs: number): boolean {
    const { words } = this;
    if (this.spin()) return true;
    if (timeoutMs <= 0) return false;
    Atomics.store(words, READER_WAITS, 1);
    let got = this.take();
    // The writer lets a reader that waits go first, so that it is woken in vain a few times at most.
    for (let woken = 0; !got && woken < MOST_WAKE_UPS; woken++) {
      if (Atomics.wait(words, HELD, TAKEN, timeoutMs) === 'timed-out') break;
      got = this.take();
    }
    Atomics.store(words, READER_WAITS, 0);
    Atomics.notify(words, READER_WAITS);
    return got;
  }

  /** For the writer: waits until it has the lock, behind a reader that waits. */
  lockAsWriter(): void {
    const { words } = this;
    if (Atomics.load(words, READER_WAITS) !== 0) Atomics.wait(words, READER_WAITS, 1, YIELD_MS);
    while (!this.spin()) Atomics.wait(words, HELD, TAKEN);
  }

  /** Whether the reader waits: the writer then ends its stretch. */
  get readerWaits(): boolean {
    return Atomics.load(this.words, READER_WAITS) !== 0;
  }

  unlock(): void {
    Atomics.store(this.words, HELD, FREE);
    Atomics.notify(this.words, HELD);
  }

  private take(): boolean {
    return Atomics.compareExchange(this.words, HELD, FREE, TAKEN) === FREE;
  }

  private spin(): boolean {
    for (let i = 0; i < SPINS; i++) if (this.take()) return true;
    return false;
  }
}
