import { describe, expect, it } from '@jest/globals';
import { areNatsUrls } from './are-nats-urls.js';
import { natsAddress } from './nats-address.js';

describe('natsAddress', () => {
  it.each([
    ['nats://h:4222', { servers: ['nats://h:4222'] }],
    ['nats://me:p%40w@h:4222', { servers: ['nats://h:4222'], credentials: { user: 'me', password: 'p@w' } }],
    [
      'nats://a:1, nats://u:p@b:2',
      { servers: ['nats://a:1', 'nats://b:2'], credentials: { user: 'u', password: 'p' } },
    ],
    ['127.0.0.1:4222', { servers: ['127.0.0.1:4222'] }],
    ['tls://secret@h', { servers: ['tls://h'], credentials: { token: 'secret' } }],
  ])('reads %s', (url, expected) => {
    expect(natsAddress(url.split(','))).toEqual(expected);
  });

  it('knows what is no NATS URL', () => {
    expect(areNatsUrls('nats://a:1,tls://b')).toBe(true);
    for (const bad of ['', 'a:1', 'redis://a', 'nats://a,', 'nats://:::'])
      expect(areNatsUrls(bad)).toBe(false);
  });
});
