import { Observable } from 'rxjs';

/** The sending side of a call, as far as it says when it is too slow. */
export interface SlowCall {
  readonly writableNeedDrain: boolean;
  once(event: 'drain' | 'close' | 'cancelled', listener: () => void): void;
  off(event: 'drain' | 'close' | 'cancelled', listener: () => void): void;
}

/**
 * An answer in parts, made no faster than the caller reads them. `parts` is given a signal that comes when the call is over.
 */
export function paced<T>(
  call: SlowCall,
  parts: (signal: AbortSignal) => AsyncIterable<T> | Iterable<T>,
): Observable<T> {
  return new Observable((subscriber) => {
    const over = new AbortController();
    const send = async () => {
      for await (const part of parts(over.signal)) {
        if (subscriber.closed) return;
        subscriber.next(part);
        if (call.writableNeedDrain) await drained(call, over.signal);
      }
      subscriber.complete();
    };
    send().catch((error: unknown) => subscriber.error(error));
    return () => over.abort();
  });
}

/** Until more may be written, or the call is over. */
export function drained(call: SlowCall, over?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const event of EVENTS) call.off(event, done);
      over?.removeEventListener('abort', done);
      resolve();
    };
    for (const event of EVENTS) call.once(event, done);
    over?.addEventListener('abort', done);
    if (over?.aborted) done();
  });
}

const EVENTS = ['drain', 'close', 'cancelled'] as const;
