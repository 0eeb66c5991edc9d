import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  describeObjectStore,
  freePort,
  S3_SERVER_CREDENTIALS,
  type S3Server,
  startS3Server,
} from '@penstock/testing';
import type { S3Options } from './s3/s3-options.js';
import { S3ObjectStore } from './s3-object-store.js';

let server: S3Server;
let folder: string;
let credentials: NonNullable<S3Options['credentials']>;
const stores: S3ObjectStore[] = [];
const connect = (options: Partial<S3Options> = {}): S3ObjectStore => {
  const { url, bucket } = server;
  const store = S3ObjectStore.connect({ endpoint: url, bucket, credentials, attempts: 2, ...options });
  stores.push(store);
  return store;
};
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

beforeAll(async () => {
  server = await startS3Server();
  folder = mkdtempSync(join(tmpdir(), 's3-object-store-'));
  credentials = {
    accessKeyIdFile: file('id', `${S3_SERVER_CREDENTIALS.accessKeyId}\n`),
    secretAccessKeyFile: file('secret', S3_SERVER_CREDENTIALS.secretAccessKey),
  };
});
afterAll(async () => {
  for (const store of stores) await store.close();
  await server.stop();
  rmSync(folder, { recursive: true });
});

const api = { describe, it, expect, beforeAll, afterAll };
describeObjectStore(api, 'S3ObjectStore with a prefix', async () => {
  const store = connect({ prefix: 'some/prefix' });
  return { store, close: () => store.close() };
});
describeObjectStore(api, 'S3ObjectStore without a prefix', async () => {
  const own = await startS3Server({ bucket: 'own-bucket' });
  const store = connect({ endpoint: own.url, bucket: own.bucket });
  return {
    store,
    close: async () => {
      await store.close();
      await own.stop();
    },
  };
});

describe('S3ObjectStore', () => {
  const bytes = Buffer.from('bytes');
  const options = { sizeBytes: bytes.length, crc32: crc32(bytes) };

  it('keeps to its prefix', async () => {
    const [one, other] = [connect({ prefix: 'one' }), connect({ prefix: 'other/' })];
    await one.put('key', bytes, options);
    expect(await other.head('key')).toBeUndefined();
    expect(await connect().head('one/key')).toMatchObject({ sizeBytes: 5 });
    await one.delete(['key']);
  });

  it('lists and removes more than one page', async () => {
    const store = connect({ prefix: 'pages' });
    const keys = Array.from({ length: 1100 }, (_, i) => `k${String(i).padStart(4, '0')}`);
    for (let i = 0; i < keys.length; i += 50) {
      await Promise.all(keys.slice(i, i + 50).map((key) => store.put(key, bytes, options)));
    }
    const listed: string[] = [];
    for await (const { key } of store.list()) listed.push(key);
    expect(listed).toEqual(keys);
    await store.delete(keys);
    for await (const { key } of store.list()) throw new Error(`${key} is still there`);
  }, 60_000);

  it.each([
    ['put', (store: S3ObjectStore) => store.put('key', bytes, options)],
    ['get', (store: S3ObjectStore) => store.get('key')],
    ['list', (store: S3ObjectStore) => store.list()[Symbol.asyncIterator]().next()],
    ['delete', (store: S3ObjectStore) => store.delete(['key'])],
    ['probe', (store: S3ObjectStore) => store.probe()],
  ] as const)('names a bucket that does not exist (%s)', async (_name, call) => {
    await expect(call(connect({ bucket: 'absent' }))).rejects.toMatchObject({
      code: 'no-bucket',
      message: `S3 at ${server.url} has no bucket "absent"; create it or name another`,
    });
  });

  it('says that credentials are not accepted', async () => {
    const wrong = { ...credentials, accessKeyIdFile: file('wrong-id', 'STRANGER') };
    await expect(connect({ credentials: wrong }).probe()).rejects.toMatchObject({
      code: 'denied',
      message: expect.stringMatching(/InvalidAccessKeyId.*check the credentials/),
    });
  });

  it.each([
    ['missing', () => join(folder, 'absent'), /absent cannot be read \(ENOENT\)/],
    ['empty', () => file('empty', '\n'), /empty is empty/],
  ] as const)('names a credential file that is %s', async (_what, path, message) => {
    const wrong = { ...credentials, secretAccessKeyFile: path() };
    await expect(connect({ credentials: wrong }).probe()).rejects.toMatchObject({
      code: 'denied',
      message: expect.stringMatching(message),
    });
  });

  it('says that nobody answers there', async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    await expect(connect({ endpoint }).head('key')).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(`S3 at ${endpoint} gives no answer .*ECONNREFUSED.*check the endpoint`),
    });
  });

  it('gives up a server that hangs', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const store = connect({ endpoint: `http://127.0.0.1:${port}`, idleTimeoutMs: 200, attempts: 1 });
    await expect(store.head('key')).rejects.toMatchObject({ code: 'unreachable' });
    silent.close();
  });

  it('frees the connection of an answer that nobody reads', async () => {
    const store = connect({ prefix: 'unread', connections: 1 });
    const large = Buffer.alloc(4_000_000, 1);
    await store.put('large', large, { sizeBytes: large.length, crc32: crc32(large) });
    for (let i = 0; i < 3; i++) await (await store.get('large')).body.return?.();
    expect(await store.head('large')).toMatchObject({ sizeBytes: large.length });
  });

  it('notices an answer that ends too early', async () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this';
    const short = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(head));
    });
    await new Promise<void>((resolve) => short.listen(0, '127.0.0.1', resolve));
    const address = short.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const store = connect({ endpoint: `http://127.0.0.1:${port}`, attempts: 1 });
    const { sizeBytes, body } = await store.get('key');
    expect(sizeBytes).toBe(100);
    const read = async () => {
      for await (const _ of body);
    };
    await expect(read()).rejects.toMatchObject({ name: 'ObjectStoreError', code: 'unreachable' });
    short.close();
  });
});
