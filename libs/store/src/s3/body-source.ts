import { Readable } from 'node:stream';

/** A body as a stream. The SDK does not listen for its errors: they end the request here. */
export class BodySource {
  readonly stream: Readable;
  /** Why the body could not be read to its end. */
  error: unknown;
  private readonly aborter = new AbortController();

  constructor(parts: AsyncIterable<Uint8Array>) {
    this.stream = Readable.from(parts, { objectMode: false });
    this.stream.on('error', (error) => {
      this.error ??= error;
      this.aborter.abort();
    });
  }

  /** Aborted when the body fails. */
  get failed(): AbortSignal {
    return this.aborter.signal;
  }
}
