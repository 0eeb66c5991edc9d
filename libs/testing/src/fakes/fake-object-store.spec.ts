import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeObjectStore } from './describe-object-store.js';
import { FakeObjectStore } from './fake-object-store.js';

describeObjectStore({ describe, it, expect, beforeAll, afterAll }, 'FakeObjectStore', async () => {
  const store = new FakeObjectStore();
  return { store, close: () => store.close() };
});

describe('FakeObjectStore', () => {
  it('fails while disconnected, and gives damaged bytes after damage', async () => {
    const store = new FakeObjectStore();
    const bytes = Buffer.from('bytes');
    await store.put('key', bytes, { sizeBytes: 5, crc32: crc32(bytes) });
    store.disconnect();
    await expect(store.probe()).rejects.toMatchObject({ code: 'unreachable' });
    store.reconnect();
    store.damage('key');
    for await (const part of (await store.get('key')).body) expect(crc32(part)).not.toBe(crc32(bytes));
  });
});
