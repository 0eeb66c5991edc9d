import type { Readable } from 'node:stream';
import { explainS3Error, type S3Place } from './explain-s3-error.js';

/** The bytes of an answer, exactly as many as announced. Ending it, begun or not, frees its connection. */
export class ObjectBody implements AsyncIterableIterator<Uint8Array> {
  private readonly parts: AsyncIterator<Uint8Array>;
  private received = 0;

  constructor(
    private readonly stream: Readable,
    private readonly sizeBytes: number,
    private readonly place: S3Place,
  ) {
    this.parts = stream[Symbol.asyncIterator]();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    try {
      const result = await this.parts.next();
      if (!result.done) this.received += result.value.byteLength;
      else if (this.received !== this.sizeBytes) {
        const message = `${this.received} of ${this.sizeBytes} bytes came`;
        throw Object.assign(new Error(message), { code: 'IncompleteBody' });
      }
      return result;
    } catch (error) {
      this.stream.destroy();
      throw explainS3Error(error, this.place);
    }
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    // Whatever it still says about being cut off is of no interest.
    this.stream.on('error', () => {});
    this.stream.destroy();
    return { done: true, value: undefined };
  }
}
