import { crc32 } from 'node:zlib';
import type { ObjectStore } from '@penstock/core/ports';
import type { JestApi } from './jest-api.js';

/** What every `ObjectStore` promises; run against each implementation, on an empty store. */
export function describeObjectStore(
  jest: JestApi,
  name: string,
  make: () => Promise<{ store: ObjectStore; close(): Promise<void> }>,
): void {
  const { describe, it, expect, beforeAll, afterAll } = jest;
  describe(`${name} as an ObjectStore`, () => {
    let store: ObjectStore;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ store, close } = await make());
    });
    afterAll(() => close());

    const put = (key: string, bytes: Uint8Array, metadata = {}) =>
      store.put(key, bytes, { sizeBytes: bytes.length, crc32: crc32(bytes), metadata });
    const read = async (key: string) => {
      const parts: Uint8Array[] = [];
      for await (const part of (await store.get(key)).body) parts.push(part);
      return Buffer.concat(parts);
    };
    const listed = async (options = {}) => {
      const keys: string[] = [];
      for await (const { key } of store.list(options)) keys.push(key);
      return keys;
    };

    it('gives back bytes, size and metadata', async () => {
      const bytes = Buffer.alloc(300_000, 'abc');
      const metadata = {
        'penstock-crc32': '0a0b0c0d',
        'penstock-scope': 'ns/pool',
        'penstock-keys': 'AAEC/+8=',
      };
      await put('m_0_r0/abc/de_g0/a.bin', bytes, metadata);
      expect(await store.head('m_0_r0/abc/de_g0/a.bin')).toEqual({ sizeBytes: 300_000, metadata });
      const { sizeBytes, metadata: again } = await store.get('m_0_r0/abc/de_g0/a.bin');
      expect([sizeBytes, again]).toEqual([300_000, metadata]);
      expect((await read('m_0_r0/abc/de_g0/a.bin')).equals(bytes)).toBe(true);
    });

    it('takes a stream, and an empty object', async () => {
      async function* parts(): AsyncGenerator<Uint8Array> {
        for (const text of ['one', 'two', 'three']) yield Buffer.from(text);
      }
      const crc = crc32(Buffer.from('onetwothree'));
      await store.put('stream', parts(), { sizeBytes: 11, crc32: crc });
      expect((await read('stream')).toString()).toBe('onetwothree');
      await put('empty', Buffer.alloc(0));
      expect(await read('empty')).toHaveLength(0);
    });

    it('replaces an object as a whole', async () => {
      await put('twice', Buffer.from('a longer first'), { n: '1' });
      await put('twice', Buffer.from('second'), { n: '2' });
      expect((await read('twice')).toString()).toBe('second');
      expect(await store.head('twice')).toEqual({ sizeBytes: 6, metadata: { n: '2' } });
    });

    it('stores nothing when the bytes are not those announced', async () => {
      await put('kept', Buffer.from('before'));
      const bytes = Buffer.from('damaged');
      await expect(store.put('kept', bytes, { sizeBytes: 7, crc32: 1 })).rejects.toMatchObject({
        name: 'ObjectStoreError',
        code: 'checksum',
      });
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield Buffer.from('half');
        throw new Error('the file cannot be read on');
      }
      await expect(store.put('kept', broken(), { sizeBytes: 100, crc32: 1 })).rejects.toThrow(
        'the file cannot be read on',
      );
      expect((await read('kept')).toString()).toBe('before');
    });

    it('says that there is no such object', async () => {
      expect(await store.head('nothing')).toBeUndefined();
      await expect(store.get('nothing')).rejects.toMatchObject({
        code: 'not-found',
        message: expect.stringMatching(/no object "nothing"/),
      });
    });

    it('lists in order, by prefix, and on from a key', async () => {
      for (const key of ['l/b', 'l/a', 'l/c/d', 'm']) await put(key, Buffer.from(key));
      expect(await listed({ prefix: 'l/' })).toEqual(['l/a', 'l/b', 'l/c/d']);
      expect(await listed({ prefix: 'l/', after: 'l/a' })).toEqual(['l/b', 'l/c/d']);
      expect(await listed({ prefix: 'none' })).toEqual([]);
    });

    it('removes many, also those that are not there', async () => {
      for (let i = 0; i < 5; i++) await put(`gone/${i}`, Buffer.from('x'));
      await store.delete(['gone/0', 'gone/1', 'gone/2', 'gone/3', 'gone/absent']);
      expect(await listed({ prefix: 'gone/' })).toEqual(['gone/4']);
      await store.delete([]);
    });

    it('answers a probe', async () => {
      await store.probe();
    });
  });
}
