import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { S3ObjectStore } from '@penstock/store';
import { S3_SERVER_CREDENTIALS, startS3, startS3Server } from './index.js';

const stops: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** Credentials from the environment, as most clients take them. */
process.env['AWS_ACCESS_KEY_ID'] = S3_SERVER_CREDENTIALS.accessKeyId;
process.env['AWS_SECRET_ACCESS_KEY'] = S3_SERVER_CREDENTIALS.secretAccessKey;
const connect = (endpoint: string) => {
  const store = S3ObjectStore.connect({ endpoint, bucket: 'penstock', attempts: 1 });
  stops.push(() => store.close());
  return store;
};
const bytes = Buffer.alloc(100_000, 7);
const options = { sizeBytes: bytes.length, crc32: crc32(bytes) };

describe('startS3', () => {
  it('keeps objects over a kill on its port, and loses them when told to', async () => {
    const server = await startS3();
    stops.push(() => server.stop());
    const store = connect(server.url);
    await store.put('a/b/key', bytes, options);
    await server.kill();
    await expect(store.head('a/b/key')).rejects.toMatchObject({ code: 'unreachable' });
    await server.restart();
    expect(await store.head('a/b/key')).toMatchObject({ sizeBytes: bytes.length });
    await server.restart({ wipe: true });
    expect(await store.head('a/b/key')).toBeUndefined();
    await store.probe();
  }, 60_000);

  it('says which flag to change when its port is taken', async () => {
    const other = await startS3Server();
    stops.push(() => other.stop());
    await expect(startS3({ port: other.port })).rejects.toThrow(
      'the port is taken; choose another with --port',
    );
  });
});

describe('startS3Server', () => {
  it('removes its folder', async () => {
    const server = await startS3Server();
    expect(existsSync(server.dataDir)).toBe(true);
    await server.stop();
    expect(existsSync(server.dataDir)).toBe(false);
  });

  it('rejects when its port is taken', async () => {
    const other = await startS3Server();
    stops.push(() => other.stop());
    await expect(startS3Server({ port: other.port })).rejects.toThrow('EADDRINUSE');
  });

  it('answers a PUT when the object can be read, and survives removals beside it', async () => {
    const server = await startS3Server();
    stops.push(() => server.stop());
    const store = connect(server.url);
    const work = Array.from({ length: 40 }, async (_, i) => {
      const key = `same/folder/${i}`;
      await store.put(key, bytes, options);
      expect(await store.head(key)).toMatchObject({ sizeBytes: bytes.length });
      await store.delete([key]);
      expect(await store.head(key)).toBeUndefined();
    });
    await Promise.all(work);
    for await (const { key } of store.list()) throw new Error(`${key} is left`);
  });

  it('serves what is in its folder, damage included', async () => {
    const server = await startS3Server();
    stops.push(() => server.stop());
    const store = connect(server.url);
    await store.put('key', bytes, options);
    const file = `${server.dataDir}/penstock/key._S3rver_object`;
    expect(readFileSync(file).equals(bytes)).toBe(true);
    writeFileSync(file, 'damaged');
    const parts: Uint8Array[] = [];
    for await (const part of (await store.get('key')).body) parts.push(part);
    expect(Buffer.concat(parts).toString()).toBe('damaged');
  });
});
