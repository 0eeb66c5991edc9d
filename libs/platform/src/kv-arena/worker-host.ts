import { Worker } from 'node:worker_threads';
import { PrefixIndexReader, type SyncEntry } from '@penstock/core/kv';
import { Backlog } from './backlog.js';
import { NO_CONTENTS } from './engine-contents.js';
import { OrderGiver } from './order-giver.js';
import type { ReplicaHostOptions, ReplicaHostStatus } from './replica-host.js';
import { tellNews, type WorkerMessage } from './replica-news.js';
import { isUpdate, orderBytes, type ReplicaOrder } from './replica-order.js';
import { RestartDelay } from './restart-delay.js';
import { SwappedIndex } from './swapped-index.js';
import { workerEntry } from './worker-entry.js';
import { SKIP_BEFORE, type WorkerSetup, type WorkerTask } from './worker-task.js';

/** How old what is said of following an engine may be. */
const SYNCS_MS = 10;
const MAX_BACKLOG_BYTES = 64 * 1024 * 1024;

interface Crew {
  readonly worker: Worker;
  readonly control: Int32Array;
}

/**
 * Applies on a thread of its own, which owns the index; this thread reads it through shared memory. When more is handed over
 * than the worker can apply, or the worker dies, everything is given up and comes back with snapshots.
 */
export class WorkerHost extends OrderGiver {
  readonly index = new SwappedIndex();
  private readonly backlog = new Backlog();
  private readonly delay = new RestartDelay();
  private crew: Crew | undefined;
  private reader: PrefixIndexReader | undefined;
  private lastNumber = 0;
  private doneNumber = 0;
  private waiting: Array<{ readonly number: number; readonly resolve: () => void }> = [];
  /** Updates are dropped until the worker has caught up. */
  private overflowing = false;
  private overflows = 0;
  private restarts = 0;
  private formerTimeouts = 0;
  private syncs: ReadonlyMap<string, SyncEntry> = new Map();
  private syncsReadMs = Number.NEGATIVE_INFINITY;
  private problem: string | undefined;
  private restartTimer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(private readonly options: ReplicaHostOptions) {
    super(options.clock);
    this.start();
  }

  status(): ReplicaHostStatus {
    const { overflows, restarts, problem } = this;
    const timeouts = this.formerTimeouts + (this.reader?.timeouts ?? 0);
    const counts = { backlogBytes: this.backlog.bytes, overflows, restarts, timeouts };
    return { mode: 'worker', ...counts, ...(problem ? { problem } : {}) };
  }

  settled(): Promise<void> {
    const { lastNumber: number } = this;
    if (this.stopped || this.doneNumber >= number) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push({ number, resolve }));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.restartTimer);
    await this.crew?.worker.terminate();
    this.abandon();
  }

  protected give(order: ReplicaOrder): void {
    const bytes = isUpdate(order) ? orderBytes(order) : 0;
    if (!this.crew || (bytes > 0 && !this.hasRoom(this.crew, bytes))) {
      if (bytes > 0) this.options.onUpdates?.(order.type, 'dropped', 1);
      if (order.type === 'contents') this.answer(order.request, NO_CONTENTS);
      return;
    }
    this.post(this.crew, order, bytes);
  }

  /** Where there is none, gives everything up, also what waits: the worker need not apply what it then drops. */
  private hasRoom(crew: Crew, bytes: number): boolean {
    if (this.overflowing) return false;
    const { maxBacklogBytes = MAX_BACKLOG_BYTES, onUpdates } = this.options;
    if (this.backlog.bytes === 0 || this.backlog.bytes + bytes <= maxBacklogBytes) return true;
    this.overflowing = true;
    this.overflows++;
    this.post(crew, { type: 'lost' }, 0);
    Atomics.store(crew.control, SKIP_BEFORE, this.lastNumber);
    onUpdates?.('stream', 'overflow', 1);
    return false;
  }

  /** Asked for every engine of a pool in one decision: one read serves them all, and those of the next moments. */
  protected override entry(engineId: string): SyncEntry | undefined {
    const nowMs = performance.now();
    if (nowMs - this.syncsReadMs >= SYNCS_MS) {
      this.syncs = this.index.syncs();
      this.syncsReadMs = nowMs;
    }
    return this.syncs.get(engineId);
  }

  private post({ worker }: Crew, order: ReplicaOrder, bytes: number): void {
    const number = ++this.lastNumber;
    if (bytes > 0) this.backlog.add(number, bytes);
    worker.postMessage({ number, order } satisfies WorkerTask);
  }

  private start(): void {
    const control = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    const setup: WorkerSetup = { maxHolders: this.options.maxHolders, control };
    const { file, execArgv } = workerEntry();
    const worker = new Worker(file, { name: 'kv-replica', workerData: setup, execArgv });
    // Nobody waits for it: the process ends when its own work does.
    worker.unref();
    let reason = 'it ended by itself';
    worker.on('error', (error: unknown) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    worker.on('message', (message: WorkerMessage) => this.heard(message));
    worker.on('exit', () => this.died(reason));
    this.crew = { worker, control: new Int32Array(control) };
    if (this.isWatched) this.give({ type: 'watch', isWatched: true });
    this.delay.started(performance.now());
  }

  private heard(message: WorkerMessage): void {
    if (this.stopped) return;
    if (message.type === 'ready') {
      this.reader = new PrefixIndexReader(message.handle);
      this.index.use(this.reader);
      if (this.problem !== undefined) this.options.onLost?.(this.problem);
      this.problem = undefined;
      return;
    }
    this.backlog.done(message.order);
    tellNews(message, this.options);
    for (const [request, contents] of message.contents) this.answer(request, contents);
    this.resolveUpTo(message.order);
    if (this.overflowing && this.backlog.bytes === 0) {
      this.overflowing = false;
      this.options.onLost?.('more was to be applied than there was room for');
    }
  }

  private died(reason: string): void {
    if (this.stopped) return;
    this.abandon();
    this.restarts++;
    const delayMs = this.delay.next(performance.now());
    this.problem = `the worker of the index was lost: ${reason}`;
    this.options.onUpdates?.('stream', 'worker-lost', 1);
    this.restartTimer = setTimeout(() => this.start(), delayMs);
    this.restartTimer.unref();
  }

  /** Without a worker nothing is known, and nothing that was handed over will be. */
  private abandon(): void {
    this.formerTimeouts += this.reader?.timeouts ?? 0;
    this.crew = undefined;
    this.reader = undefined;
    this.index.use();
    this.syncs = new Map();
    this.overflowing = false;
    this.backlog.clear();
    this.answerNothing();
    this.resolveUpTo(this.lastNumber);
  }

  private resolveUpTo(number: number): void {
    this.doneNumber = number;
    if (this.waiting.length === 0) return;
    // Who waited wants to see what came of it.
    this.syncsReadMs = Number.NEGATIVE_INFINITY;
    const done = this.waiting.filter((each) => each.number <= number);
    this.waiting = this.waiting.filter((each) => each.number > number);
    for (const { resolve } of done) resolve();
  }
}
