import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Command } from 'commander';
import {
  type AddressFlags,
  addressOptions,
  addressVariables,
  resolveAddresses,
} from '../src/commands/address-options.js';

function parse(...args: string[]): AddressFlags {
  const command = addressOptions(new Command('test'))
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  return command.parse(args, { from: 'user' }).opts();
}

describe('addresses', () => {
  const home = mkdtempSync(join(tmpdir(), 'penstock-addresses-'));
  const before = { ...process.env };
  beforeAll(() => {
    for (const name of addressVariables()) delete process.env[name];
    process.env['PENSTOCK_HOME'] = home;
  });
  afterAll(() => {
    process.env = before;
    rmSync(home, { recursive: true, force: true });
  });

  it.each([
    ['--scheduler', ['', 'host', 'host:0', 'host:65536', ':9101', 'host:9101,', 'http://host:9101', 'a b:1']],
    ['--kv-index', ['host:-1']],
    ['--gang-placer', ['host:port']],
    ['--kv-offload', ['host:1:2']],
    ['--front-door', ['', '127.0.0.1:8080', 'ftp://host', 'http://']],
    ['--nats-url', ['', 'host:4222', 'redis://host:4222', 'nats://a:1,b:2']],
    ['--redis-url', ['', 'redis:/x', 'nats://host']],
    ['--metrics', ['', 'http://host:1', 'engine=http://host:1', 'scheduler=', 'scheduler=host:1']],
  ])('%s refuses %j and says what it takes', (flag, values) => {
    for (const value of values) expect(() => parse(flag, value)).toThrow(new RegExp(`${flag} takes `));
  });

  it('are read from flags, several with commas between', () => {
    expect(
      resolveAddresses(
        parse(
          ...['--scheduler', 'a:1,[::1]:2', '--front-door', 'http://a:8080/'],
          ...['--metrics', 'scheduler=http://a:1,kv-index=http://b:2', '--metrics', 'scheduler=http://c:3'],
          ...['--nats-url', 'nats://a:4222,nats://b:4222'],
        ),
      ),
    ).toMatchObject({
      grpc: { scheduler: ['a:1', '[::1]:2'] },
      metrics: { scheduler: ['http://a:1', 'http://c:3'], 'kv-index': ['http://b:2'] },
      frontDoor: 'http://a:8080',
      natsUrls: ['nats://a:4222', 'nats://b:4222'],
      redisUrls: undefined,
    });
  });

  it('are read from the environment, where a flag wins', () => {
    process.env['PENSTOCK_SCHEDULER'] = 'a:1';
    process.env['PENSTOCK_REDIS_URL'] = 'redis://a:6379';
    try {
      expect(resolveAddresses(parse('--scheduler', 'b:2'))).toMatchObject({
        grpc: { scheduler: ['b:2'] },
        redisUrls: ['redis://a:6379'],
      });
      expect(addressVariables()).toEqual(expect.arrayContaining(['PENSTOCK_SCHEDULER', 'PENSTOCK_METRICS']));
    } finally {
      delete process.env['PENSTOCK_SCHEDULER'];
      delete process.env['PENSTOCK_REDIS_URL'];
    }
  });

  it('are not guessed: none is given and no suite runs', () => {
    expect(resolveAddresses(parse())).toBeUndefined();
  });
});
