import { crc32 } from 'node:zlib';
import {
  type ListedObject,
  type ObjectContent,
  type ObjectHead,
  type ObjectStore,
  ObjectStoreError,
  type PutObjectOptions,
} from '@penstock/core/ports';

interface Stored extends ObjectHead {
  readonly bytes: Buffer;
}

/** An `ObjectStore` in memory that can be disconnected, full, and have its bytes damaged. */
export class FakeObjectStore implements ObjectStore {
  readonly where = 'a fake bucket';
  private readonly objects = new Map<string, Stored>();
  private connected = true;

  async put(
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options: PutObjectOptions,
  ): Promise<void> {
    this.requireConnection();
    const parts: Uint8Array[] = [];
    if (body instanceof Uint8Array) parts.push(body);
    else for await (const part of body) parts.push(part);
    const bytes = Buffer.concat(parts);
    this.requireConnection();
    if (bytes.length !== options.sizeBytes) {
      throw new ObjectStoreError('size', `"${key}" has ${bytes.length} bytes, not ${options.sizeBytes}`);
    }
    if (crc32(bytes) !== options.crc32) {
      throw new ObjectStoreError('checksum', `bytes of "${key}" and their checksum do not agree`);
    }
    this.objects.set(key, { bytes, sizeBytes: bytes.length, metadata: { ...options.metadata } });
  }

  async get(key: string): Promise<ObjectContent> {
    this.requireConnection();
    const object = this.objects.get(key);
    if (!object) throw new ObjectStoreError('not-found', `there is no object "${key}" in ${this.where}`);
    const requireConnection = () => this.requireConnection();
    async function* body(bytes: Buffer): AsyncGenerator<Uint8Array> {
      requireConnection();
      yield bytes;
    }
    return { sizeBytes: object.sizeBytes, metadata: object.metadata, body: body(object.bytes) };
  }

  async head(key: string): Promise<ObjectHead | undefined> {
    this.requireConnection();
    const object = this.objects.get(key);
    return object && { sizeBytes: object.sizeBytes, metadata: object.metadata };
  }

  async delete(keys: readonly string[]): Promise<void> {
    this.requireConnection();
    for (const key of keys) this.objects.delete(key);
  }

  async *list(
    options: { readonly prefix?: string; readonly after?: string } = {},
  ): AsyncGenerator<ListedObject> {
    const { prefix = '', after = '' } = options;
    for (const key of [...this.objects.keys()].sort()) {
      this.requireConnection();
      const object = this.objects.get(key);
      if (object && key.startsWith(prefix) && key > after) yield { key, sizeBytes: object.sizeBytes };
    }
  }

  async probe(): Promise<void> {
    this.requireConnection();
  }

  async close(): Promise<void> {}

  disconnect(): void {
    this.connected = false;
  }

  reconnect(): void {
    this.connected = true;
  }

  /** Flips a bit of an object, as a broken disk would. */
  damage(key: string): void {
    const object = this.objects.get(key);
    if (object?.bytes[0] !== undefined) object.bytes[0] ^= 1;
  }

  private requireConnection(): void {
    if (!this.connected) throw new ObjectStoreError('unreachable', `${this.where} is disconnected`);
  }
}
