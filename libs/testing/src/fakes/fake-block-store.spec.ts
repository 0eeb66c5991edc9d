import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeBlockStore } from './describe-block-store.js';
import { FakeBlockStore } from './fake-block-store.js';

describeBlockStore({ describe, it, expect, beforeAll, afterAll }, 'FakeBlockStore', async () => {
  const store = new FakeBlockStore();
  return { store, close: () => store.close() };
});

describe('FakeBlockStore', () => {
  it('changes its epoch with a flush, and fails while disconnected', async () => {
    const store = new FakeBlockStore();
    const before = await store.epoch();
    store.flushAll();
    expect(await store.epoch()).not.toBe(before);
    store.disconnect();
    await expect(store.epoch()).rejects.toThrow('disconnected');
    store.reconnect();
    await store.probe();
  });
});
