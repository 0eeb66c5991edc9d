import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: unknown;
}

/** A line of a watch that is not a watch event. */
export class BrokenLineError extends Error {
  constructor(cause: unknown) {
    super('a line of the watch is not a watch event', { cause });
    this.name = 'BrokenLineError';
  }
}

/**
 * Reads newline-delimited watch events until the server ends the stream.
 *
 * The client's own Watch skips lines that it cannot parse, which would lose an event for good; here the
 * first such line ends the watch, and the caller watches again from the last version that it knows.
 *
 * @param onBytes called for everything that arrives, also for half a line
 * @throws BrokenLineError, what `onEvent` throws, or the error of the connection
 */
export function readWatch(
  stream: Readable,
  onBytes: () => void,
  onEvent: (event: WatchEvent) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let failed = false;
    const fail = (error: unknown) => {
      if (failed) return;
      failed = true;
      lines.close();
      stream.destroy();
      reject(error);
    };
    const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
    stream.on('data', onBytes);
    stream.on('error', fail);
    lines.on('error', fail);
    lines.on('line', (line) => {
      if (failed || line.trim() === '') return;
      try {
        onEvent(parseEvent(line));
      } catch (error) {
        fail(error);
      }
    });
    lines.on('close', () => {
      if (!failed) resolve();
    });
  });
}

function parseEvent(line: string): WatchEvent {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch (error) {
    throw new BrokenLineError(error);
  }
  if (typeof event !== 'object' || event === null || !('type' in event) || !('object' in event)) {
    throw new BrokenLineError(undefined);
  }
  return event as WatchEvent;
}
