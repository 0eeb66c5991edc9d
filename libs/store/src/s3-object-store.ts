import type { Readable } from 'node:stream';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import {
  type ListedObject,
  type ObjectContent,
  type ObjectHead,
  type ObjectStore,
  ObjectStoreError,
  type PutObjectOptions,
} from '@penstock/core/ports';
import { BodySource } from './s3/body-source.js';
import { crc32Base64 } from './s3/crc32-base64.js';
import { explainS3Error } from './s3/explain-s3-error.js';
import { ObjectBody } from './s3/object-body.js';
import { s3Client } from './s3/s3-client.js';
import type { S3Options } from './s3/s3-options.js';

/** What one DeleteObjects call may name. */
const MAX_DELETED = 1000;

/** The `ObjectStore` port on S3 and everything that speaks its protocol. */
export class S3ObjectStore implements ObjectStore {
  private readonly client: S3Client;
  private readonly prefix: string;

  private constructor(private readonly options: S3Options) {
    this.client = s3Client(options);
    const prefix = options.prefix ?? '';
    this.prefix = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
  }

  /** Returns at once: nothing is asked before the first call. */
  static connect(options: S3Options): S3ObjectStore {
    return new S3ObjectStore(options);
  }

  get where(): string {
    return `bucket "${this.options.bucket}" at ${this.endpoint}, prefix "${this.prefix}"`;
  }

  async put(
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    { sizeBytes, crc32, metadata }: PutObjectOptions,
  ): Promise<void> {
    const source = body instanceof Uint8Array ? undefined : new BodySource(body);
    const command = new PutObjectCommand({
      Bucket: this.options.bucket,
      Key: this.prefix + key,
      Body: source?.stream ?? (body as Uint8Array),
      ContentLength: sizeBytes,
      ContentType: 'application/octet-stream',
      ChecksumCRC32: crc32Base64(crc32),
      ...(metadata === undefined ? {} : { Metadata: { ...metadata } }),
    });
    const abortSignal = source?.failed;
    try {
      await this.ask(key, () => this.client.send(command, abortSignal ? { abortSignal } : {}));
    } catch (error) {
      throw source?.error ?? error;
    } finally {
      source?.stream.destroy();
    }
  }

  async get(key: string): Promise<ObjectContent> {
    const input = { Bucket: this.options.bucket, Key: this.prefix + key, ChecksumMode: 'ENABLED' } as const;
    const answer = await this.ask(key, () => this.client.send(new GetObjectCommand(input)));
    const sizeBytes = answer.ContentLength ?? 0;
    const body = new ObjectBody(answer.Body as Readable, sizeBytes, this.place(key));
    return { sizeBytes, metadata: answer.Metadata ?? {}, body };
  }

  async head(key: string): Promise<ObjectHead | undefined> {
    const command = new HeadObjectCommand({ Bucket: this.options.bucket, Key: this.prefix + key });
    try {
      const answer = await this.ask(key, () => this.client.send(command));
      return { sizeBytes: answer.ContentLength ?? 0, metadata: answer.Metadata ?? {} };
    } catch (error) {
      if (error instanceof ObjectStoreError && error.code === 'not-found') return undefined;
      throw error;
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (let from = 0; from < keys.length; from += MAX_DELETED) {
      const some = keys.slice(from, from + MAX_DELETED);
      const Objects = some.map((key) => ({ Key: this.prefix + key }));
      const command = new DeleteObjectsCommand({
        Bucket: this.options.bucket,
        Delete: { Objects, Quiet: true },
      });
      const { Errors = [] } = await this.ask(some[0], () => this.client.send(command));
      const failed = Errors.filter(({ Code }) => Code !== 'NoSuchKey')[0];
      if (failed) {
        const error = { name: failed.Code, message: failed.Message };
        throw explainS3Error(error, this.place(failed.Key));
      }
    }
  }

  async *list(
    options: { readonly prefix?: string; readonly after?: string } = {},
  ): AsyncGenerator<ListedObject> {
    let token: string | undefined;
    do {
      const command = new ListObjectsV2Command({
        Bucket: this.options.bucket,
        Prefix: this.prefix + (options.prefix ?? ''),
        ...(options.after === undefined ? {} : { StartAfter: this.prefix + options.after }),
        ...(token === undefined ? {} : { ContinuationToken: token }),
      });
      const page = await this.ask(options.prefix, () => this.client.send(command));
      for (const { Key, Size } of page.Contents ?? []) {
        if (Key !== undefined) yield { key: Key.slice(this.prefix.length), sizeBytes: Size ?? 0 };
      }
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async probe(): Promise<void> {
    const command = new ListObjectsV2Command({
      Bucket: this.options.bucket,
      Prefix: this.prefix,
      MaxKeys: 1,
    });
    await this.ask(undefined, () => this.client.send(command));
  }

  async close(): Promise<void> {
    this.client.destroy();
  }

  private async ask<T>(key: string | undefined, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw explainS3Error(error, this.place(key));
    }
  }

  private place(key: string | undefined) {
    return { endpoint: this.endpoint, bucket: this.options.bucket, ...(key === undefined ? {} : { key }) };
  }

  private get endpoint(): string {
    return this.options.endpoint ?? `AWS (${this.options.region ?? 'us-east-1'})`;
  }
}
