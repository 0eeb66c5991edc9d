import { describe, expect, it } from '@jest/globals';
import { RedisBlockStore } from '../redis-block-store.js';
import { areRedisUrls } from './are-redis-urls.js';

describe('areRedisUrls', () => {
  it.each([
    'redis://127.0.0.1:6379',
    'rediss://user:p%40ss@redis.example/2',
    'redis://a:1,redis://b:2,redis://[::1]:3',
  ])('takes %s', (text) => {
    expect(areRedisUrls(text)).toBe(true);
  });

  it.each([
    '',
    'redis://',
    '127.0.0.1:6379',
    'http://a:1',
    'redis://a:1,',
    'redis://a:1, b:2',
    'redis://a:99999',
  ])('refuses "%s"', (text) => {
    expect(areRedisUrls(text)).toBe(false);
  });
});

describe('RedisBlockStore.connect', () => {
  it('says what is wrong with its options, without credentials', () => {
    const connect = (options: Parameters<typeof RedisBlockStore.connect>[0]) => () =>
      RedisBlockStore.connect(options);
    expect(connect({ urls: [] })).toThrow('no Redis server given: name at least one redis://host:port');
    expect(connect({ urls: ['http://user:secret@a:1'] })).toThrow(
      /^not every one of a:1 is a redis:\/\/ or rediss:\/\/ URL with a host: correct it$/,
    );
    expect(connect({ urls: ['redis://a:1'], cluster: true, sentinel: 'blocks' })).toThrow(
      'either a cluster or watched by Sentinels, not both',
    );
  });
});
