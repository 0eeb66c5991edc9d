import { type ObjectMetadata, type ObjectStore, ObjectStoreError } from '@penstock/core/ports';
import type { ChunkBytes } from './chunk-bytes.js';
import { ChunkProblem, type ProblemCode } from './chunk-problem.js';

const CODES: Readonly<Record<ObjectStoreError['code'], ProblemCode>> = {
  'not-found': 'missing',
  'no-bucket': 'unreachable',
  denied: 'unreachable',
  unreachable: 'unreachable',
  checksum: 'checksum',
  size: 'size',
  refused: 'invalid',
};
/** Chunks up to this size are sent from memory: they are checked before, and can be sent again. */
const IN_MEMORY_BYTES = 8 * 1024 * 1024;

export interface OpenedObject {
  readonly sizeBytes: number;
  readonly metadata: ObjectMetadata;
  readonly body: AsyncIterableIterator<Uint8Array>;
}

/** The S3 tier: keys are the chunks' paths. Throws `ChunkProblem`. */
export class ObjectTier {
  constructor(readonly store: ObjectStore) {}

  /**
   * Stores a copy and asks S3 what it has; when this returns it is there, whole.
   * @param parts the bytes; they throw at their end when they are not the right ones
   */
  async write(
    path: string,
    parts: AsyncIterable<Uint8Array>,
    expected: ChunkBytes,
    metadata: ObjectMetadata,
  ): Promise<void> {
    const body = expected.sizeBytes <= IN_MEMORY_BYTES ? await collect(parts) : parts;
    await this.ask(() => this.store.put(path, body, { ...expected, metadata }));
    const head = await this.ask(() => this.store.head(path));
    if (head === undefined) throw new ChunkProblem('missing', `${path} is not on S3 after it was stored`);
    if (head.sizeBytes !== expected.sizeBytes) {
      throw new ChunkProblem('size', `${path} has ${head.sizeBytes} bytes on S3, not ${expected.sizeBytes}`);
    }
    // Another node may have stored its own copy meanwhile, with other last bits.
    if (Object.entries(metadata).some(([name, value]) => head.metadata[name] !== value)) {
      throw new ChunkProblem('checksum', `someone else stored another ${path} on S3 at the same time`);
    }
  }

  /** The body must be read to its end, or ended. */
  async open(path: string): Promise<OpenedObject> {
    const { sizeBytes, metadata, body } = await this.ask(() => this.store.get(path));
    return { sizeBytes, metadata, body: this.explained(body) };
  }

  async head(path: string): Promise<{ readonly sizeBytes: number; readonly metadata: ObjectMetadata }> {
    const head = await this.ask(() => this.store.head(path));
    if (head === undefined) throw new ChunkProblem('missing', `${path} is not on S3`);
    return head;
  }

  async has(path: string): Promise<boolean> {
    return (await this.ask(() => this.store.head(path))) !== undefined;
  }

  remove(path: string): Promise<void> {
    return this.ask(() => this.store.delete([path]));
  }

  private explained(body: AsyncIterableIterator<Uint8Array>): AsyncIterableIterator<Uint8Array> {
    const explained: AsyncIterableIterator<Uint8Array> = {
      next: () => this.ask(() => body.next()),
      return: async () => (await body.return?.()) ?? { done: true, value: undefined },
      [Symbol.asyncIterator]: () => explained,
    };
    return explained;
  }

  private async ask<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof ObjectStoreError) {
        throw new ChunkProblem(CODES[error.code], error.message, { cause: error });
      }
      throw error;
    }
  }
}

async function collect(parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}
