import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { RefusalReason, RelayOutcome, RelaySink } from '../application/relay.js';
import { AnswerObserver } from './answer-observer.js';

/** Of an answer that is not passed on, no more than this is read before the connection is dropped. */
const MAX_DISCARDED_BYTES = 65_536;

/** Engine statuses after which another engine may do better. */
const isRefusal = (status: number): boolean => status === 429 || status === 408 || status >= 500;

/** Streams one engine answer to a sink. Holds the head back until the first byte, so that a retry is possible until then. */
export class RelayHandler implements Dispatcher.DispatchHandler {
  private status = 0;
  private headers: IncomingHttpHeaders = {};
  private started = false;
  private discarding = false;
  private discarded = 0;
  private observer = new AnswerObserver(false);
  private controller: Dispatcher.DispatchController | undefined;
  private readonly onAbort = () => this.controller?.abort(new Error('the client went away'));

  constructor(
    private readonly sink: RelaySink,
    private readonly signal: AbortSignal,
    private readonly done: (outcome: RelayOutcome) => void,
  ) {}

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.signal.aborted) this.onAbort();
    else this.signal.addEventListener('abort', this.onAbort, { once: true });
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status < 200) return;
    this.status = status;
    this.headers = headers;
    this.discarding = isRefusal(status);
    this.observer = new AnswerObserver(this.isEventStream());
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.discarding) {
      this.discarded += chunk.length;
      if (this.discarded > MAX_DISCARDED_BYTES) controller.abort(new Error('error answer too long'));
      return;
    }
    this.start();
    this.observer.see(chunk);
    if (!this.sink.write(chunk)) {
      controller.pause();
      this.sink.onDrain(() => controller.resume());
    }
  }

  onResponseEnd(): void {
    if (this.discarding) this.finish(this.refusal());
    else {
      this.start();
      this.finish({ kind: 'answered', status: this.status, observed: this.observer.result() });
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.signal.aborted) this.finish({ kind: 'aborted', observed: this.observer.result() });
    else if (this.discarding) this.finish(this.refusal());
    else if (this.started) {
      const eventStream = this.isEventStream();
      this.finish({ kind: 'lost', status: this.status, observed: this.observer.result(), eventStream });
    } else this.finish({ kind: 'refused', status: 0, reason: reasonOf(error) });
  }

  private start(): void {
    if (this.started) return;
    this.started = true;
    this.sink.start(this.status, this.headers);
  }

  private refusal(): RelayOutcome {
    const seconds = Number(this.headers['retry-after']);
    return {
      kind: 'refused',
      status: this.status,
      reason: this.status === 429 || this.status === 503 ? 'engine-busy' : 'engine-error',
      ...(Number.isFinite(seconds) && seconds > 0 ? { retryAfterSeconds: Math.ceil(seconds) } : {}),
    };
  }

  private isEventStream(): boolean {
    return String(this.headers['content-type'] ?? '').startsWith('text/event-stream');
  }

  private finish(outcome: RelayOutcome): void {
    this.signal.removeEventListener('abort', this.onAbort);
    this.done(outcome);
  }
}

function reasonOf(error: Error): RefusalReason {
  const code = 'code' in error ? String(error.code) : '';
  if (
    code === 'UND_ERR_CONNECT_TIMEOUT' ||
    /^E(CONNREFUSED|HOSTUNREACH|NETUNREACH|ADDRNOTAVAIL)$/.test(code)
  ) {
    return 'connect-failed';
  }
  return code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT' ? 'timed-out' : 'closed-early';
}
