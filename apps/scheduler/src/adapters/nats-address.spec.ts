import { describe, expect, it } from '@jest/globals';
import { areNatsUrls, natsAddress } from './nats-address.js';

describe('natsAddress', () => {
  it.each([
    ['nats://h:4222', { servers: ['nats://h:4222'] }],
    ['nats://me:p%40w@h:4222', { servers: ['nats://h:4222'], credentials: { user: 'me', password: 'p@w' } }],
    [
      'nats://a:1, nats://u:p@b:2',
      { servers: ['nats://a:1', 'nats://b:2'], credentials: { user: 'u', password: 'p' } },
    ],
    ['tls://secret@h', { servers: ['tls://h'], credentials: { token: 'secret' } }],
  ])('reads %s', (url, expected) => {
    expect(natsAddress(url)).toEqual(expected);
  });

  it('knows what is no NATS URL', () => {
    expect(areNatsUrls('nats://a:1,tls://b')).toBe(true);
    for (const bad of ['', 'a:1', 'redis://a', 'nats://a,', 'nats://:::'])
      expect(areNatsUrls(bad)).toBe(false);
  });
});
