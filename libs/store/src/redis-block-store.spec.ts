import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeBlockStore, startRedis, until } from '@penstock/testing';
import { RedisBlockStore } from './redis-block-store.js';

describeBlockStore({ describe, it, expect, beforeAll, afterAll }, 'RedisBlockStore', async () => {
  const server = await startRedis();
  const store = RedisBlockStore.connect({ urls: [server.url] });
  await until(() =>
    store.probe().then(
      () => true,
      () => false,
    ),
  );
  return {
    store,
    async close() {
      await store.close();
      await server.stop();
    },
  };
});
