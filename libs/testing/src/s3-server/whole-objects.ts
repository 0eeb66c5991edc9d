import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, rmdir } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import type { S3rverObject, S3rverStore } from 's3rver';
import S3Error from 's3rver/lib/models/error.js';

const FOLDER_ATTEMPTS = 10;

/**
 * Makes s3rver keep what S3 promises: it answers a PUT before the bytes are written, takes any checksum, leaves
 * half an object after a broken upload, and a concurrent removal takes the folder away under a PUT.
 */
export function storeWholeObjects(store: S3rverStore): void {
  store.putObject = (object) => putObject(store, object);
  store.deleteObject = (bucket, key) => deleteObject(store, bucket, key);
}

async function putObject(store: S3rverStore, object: S3rverObject): Promise<{ size: number; md5: string }> {
  const target = store.getResourcePath(object.bucket, object.key, 'object');
  const temporary = store.getResourcePath(object.bucket, '', `upload-${randomUUID()}`);
  // Of a request that is a stream; a part of a form has none.
  const { headers = {} } = object.content as { headers?: IncomingHttpHeaders };
  const digest = createHash('md5');
  let size = 0;
  let crc = 0;
  async function* measured(parts: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const part of parts) {
      digest.update(part);
      crc = crc32(part, crc);
      size += part.byteLength;
      yield part;
    }
  }
  try {
    const source = Buffer.isBuffer(object.content) ? Readable.from([object.content]) : object.content;
    await pipeline(source, measured, createWriteStream(temporary, { flags: 'wx' }));
    check(headers, size, crc);
    const md5 = digest.digest('hex');
    for (let attempt = 1; ; attempt++) {
      try {
        await mkdir(dirname(target), { recursive: true });
        await rename(temporary, target);
        await store.putMetadata(object.bucket, object.key, object.metadata, md5);
        return { size, md5 };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === FOLDER_ATTEMPTS) throw error;
      }
    }
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** @throws S3Error as S3 answers when an upload is not what its headers say */
function check(headers: IncomingHttpHeaders, size: number, crc: number): void {
  const expected = headers['x-amz-checksum-crc32'];
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  if (expected !== undefined && expected !== bytes.toString('base64')) {
    throw new S3Error('BadDigest', 'The CRC32 you specified did not match the calculated checksum.');
  }
  const length = headers['x-amz-decoded-content-length'] ?? headers['content-length'];
  if (length !== undefined && Number(length) !== size) {
    throw new S3Error('IncompleteBody', `${size} of ${String(length)} bytes came`);
  }
}

async function deleteObject(store: S3rverStore, bucket: string, key: string): Promise<void> {
  // The object first: without it the rest is not seen.
  for (const resource of ['object', 'object.md5', 'metadata.json']) {
    await rm(store.getResourcePath(bucket, key, resource), { force: true });
  }
  const folders = key.split('/').slice(0, -1);
  for (; folders.length > 0; folders.pop()) {
    const folder = dirname(store.getResourcePath(bucket, join(...folders, 'x'), 'object'));
    const removed = await rmdir(folder).then(
      () => true,
      () => false,
    );
    if (!removed) return;
  }
}
