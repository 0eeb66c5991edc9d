import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { ChatMessage, ChatTemplateOptions } from './tokenizer.js';
import { TokenizerError } from './tokenizer-error.js';

/** Files of a tokenizer as they were at one time. */
export interface TokenizerSource {
  readonly dir: string;
  /** Changes when the files do. */
  readonly version: string;
}

/** What a thread is asked to do. */
export type WorkerJob =
  | { readonly kind: 'encode'; readonly source: TokenizerSource; readonly parts: readonly string[] }
  | {
      readonly kind: 'render';
      readonly source: TokenizerSource;
      readonly messages: readonly ChatMessage[];
      readonly options: ChatTemplateOptions;
    };

export interface WorkersOptions {
  /** Threads; default 1. Each holds its own copy of every tokenizer that it uses. */
  readonly threads?: number;
  /** Jobs that wait at most; default 64. */
  readonly maxQueued?: number;
  /** Module of the threads. */
  readonly worker?: URL;
}

export interface JobOptions {
  /** For waiting and work together. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

interface Pending {
  readonly job: WorkerJob;
  readonly settle: (error: Error | undefined, result?: unknown) => void;
  settled: boolean;
}
interface Answer {
  readonly result?: unknown;
  readonly error?: string;
  readonly reason?: TokenizerError['reason'];
}

const WORKER = new URL('./tokenizer-worker.js', import.meta.url);

/**
 * Threads that encode long texts, so that the event loop goes on. Jobs wait in one bounded queue; what nobody waits for
 * any more is not begun. A thread that dies is replaced.
 */
export class TokenizerWorkers {
  /** Whether there is a module to run: not where the sources are run without being compiled. */
  static get available(): boolean {
    return existsSync(fileURLToPath(WORKER));
  }

  private readonly idle: Worker[] = [];
  private readonly busy = new Map<Worker, Pending>();
  private queue: Pending[] = [];
  private closed = false;
  private readonly threads: number;
  private readonly maxQueued: number;
  private readonly module: URL;

  constructor({ threads = 1, maxQueued = 64, worker = WORKER }: WorkersOptions = {}) {
    this.threads = threads;
    this.maxQueued = maxQueued;
    this.module = worker;
  }

  /** Jobs that wait for a thread. */
  get queued(): number {
    return this.queue.length;
  }

  /**
   * Ids of every part (`Tokenizer.encodePart`). An empty list only loads the tokenizer.
   *
   * @throws TokenizerError `busy`, `timeout`, `stopped`, or why the tokenizer could not be loaded
   */
  encode(source: TokenizerSource, parts: readonly string[], options: JobOptions): Promise<Uint32Array[]> {
    return this.run({ kind: 'encode', source, parts }, options) as Promise<Uint32Array[]>;
  }

  /** Text of a chat (`Tokenizer.applyChatTemplate`); throws as `encode`, and `template`. */
  render(
    source: TokenizerSource,
    messages: readonly ChatMessage[],
    template: ChatTemplateOptions,
    options: JobOptions,
  ): Promise<string> {
    return this.run({ kind: 'render', source, messages, options: template }, options) as Promise<string>;
  }

  async close(): Promise<void> {
    this.closed = true;
    const stopped = () => new TokenizerError('stopped', 'the tokenizer threads were stopped');
    for (const pending of [...this.queue, ...this.busy.values()]) pending.settle(stopped());
    this.queue = [];
    const workers = [...this.idle.splice(0), ...this.busy.keys()];
    this.busy.clear();
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  private run(job: WorkerJob, { timeoutMs, signal }: JobOptions): Promise<unknown> {
    if (this.closed)
      return Promise.reject(new TokenizerError('stopped', 'the tokenizer threads were stopped'));
    if (this.queue.length >= this.maxQueued) {
      const message = `${this.queue.length} texts wait for a tokenizer thread already: more threads, or less load, would help`;
      return Promise.reject(new TokenizerError('busy', message));
    }
    return new Promise((resolve, reject) => {
      const late = () => new TokenizerError('timeout', `a text was not tokenised within ${timeoutMs} ms`);
      const timer = setTimeout(() => pending.settle(late()), timeoutMs);
      const onAbort = () =>
        pending.settle(new TokenizerError('stopped', 'nobody waits for the text any more'));
      const pending: Pending = {
        job,
        settled: false,
        settle: (error, result) => {
          if (pending.settled) return;
          pending.settled = true;
          clearTimeout(timer);
          signal?.removeEventListener('abort', onAbort);
          if (error) {
            this.queue = this.queue.filter((each) => each !== pending);
            reject(error);
          } else resolve(result);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted) return onAbort();
      this.queue.push(pending);
      this.next();
    });
  }

  private next(): void {
    while (this.queue.length > 0 && !this.closed) {
      const worker = this.idle.pop() ?? (this.busy.size < this.threads ? this.startWorker() : undefined);
      if (!worker) return;
      const pending = this.queue.shift() as Pending;
      this.busy.set(worker, pending);
      worker.ref();
      worker.postMessage(pending.job);
    }
  }

  private startWorker(): Worker {
    const worker = new Worker(this.module);
    worker.on('message', ({ result, error, reason }: Answer) => {
      const pending = this.busy.get(worker);
      this.busy.delete(worker);
      this.idle.push(worker);
      // A thread without work does not keep the process alive.
      worker.unref();
      pending?.settle(
        error === undefined ? undefined : new TokenizerError(reason ?? 'corrupt', error),
        result,
      );
      this.next();
    });
    worker.on('error', (cause) => this.lost(worker, cause));
    worker.on('exit', () => this.lost(worker, undefined));
    return worker;
  }

  private lost(worker: Worker, cause: unknown): void {
    const pending = this.busy.get(worker);
    this.busy.delete(worker);
    const at = this.idle.indexOf(worker);
    if (at >= 0) this.idle.splice(at, 1);
    pending?.settle(new TokenizerError('stopped', 'a tokenizer thread ended unexpectedly', { cause }));
    if (!this.closed) this.next();
  }
}
