import { describe, expect, it } from '@jest/globals';
import { natsAddress } from './nats-address.js';

describe('natsAddress', () => {
  it.each([
    ['nats://h:4222', { servers: ['nats://h:4222'] }],
    ['nats://me:p%40w@h:4222', { servers: ['nats://h:4222'], credentials: { user: 'me', password: 'p@w' } }],
    ['tls://secret@h', { servers: ['tls://h'], credentials: { token: 'secret' } }],
  ])('reads %s', (url, expected) => {
    expect(natsAddress(url)).toEqual(expected);
  });
});
