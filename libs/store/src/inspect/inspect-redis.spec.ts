import { describe, expect, it } from '@jest/globals';
import { startRedis } from '@penstock/testing';
import { Redis } from 'ioredis';
import { inspectRedis } from './inspect-redis.js';

describe('inspectRedis', () => {
  it('says who it is, and when nothing can be written', async () => {
    const server = await startRedis();
    const client = new Redis(server.url);
    try {
      expect(await inspectRedis({ urls: [server.url] }, 2000)).toMatchObject({
        server: expect.stringMatching(/^(redis|valkey)$/),
        version: expect.stringMatching(/^\d+\.\d+/),
        mode: 'standalone',
        role: 'master',
      });
      await client.call('REPLICAOF', '127.0.0.1', '1');
      await expect(inspectRedis({ urls: [server.url] }, 500)).rejects.toThrow(/^Redis at 127\.0\.0\.1:\d+ /);
    } finally {
      client.disconnect();
      await server.stop();
    }
  });

  it('says where no server is, without the password', async () => {
    const error = await inspectRedis({ urls: ['redis://:secret@127.0.0.1:1'] }, 500).catch((e: Error) => e);
    expect(String(error)).toMatch(/Redis at 127\.0\.0\.1:1 is not reachable \(.*ECONNREFUSED.*\); check/);
    expect(String(error)).not.toContain('secret');
  });
});
