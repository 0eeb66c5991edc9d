import { createServer, type Server } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { parseQuantity } from '../object/quantity.js';
import { expandVariables } from './expand-variables.js';
import { findImageCommand, parseImageFlag } from './image-commands.js';
import { PodAddresses } from './pod-addresses.js';
import { RestartBackoff } from './restart-backoff.js';

describe('image commands', () => {
  const sim = { command: ['node', 'sim.js'] };
  const exact = { command: ['other'] };
  const images = { 'penstock/engine-sim': sim, 'penstock/engine-sim:v2': exact, 'reg:5000/a': sim };

  it.each([
    ['penstock/engine-sim', sim],
    ['penstock/engine-sim:latest', sim],
    ['penstock/engine-sim:v2', exact],
    ['docker.io/penstock/engine-sim:1', sim],
    ['penstock/engine-sim@sha256:abc', sim],
    ['reg:5000/a', sim],
    ['reg:5000/a:tag', sim],
    ['penstock/engine', undefined],
    ['constructor', undefined],
  ])('%s', (image, expected) => {
    expect(findImageCommand(images, image)).toBe(expected);
  });

  it('reads flags, split or as a list', () => {
    expect(parseImageFlag('a/b=node /x/main.js --flag')).toEqual([
      'a/b',
      { command: ['node', '/x/main.js', '--flag'] },
    ]);
    expect(parseImageFlag('a/b=["node","/with space/main.js"]')).toEqual([
      'a/b',
      { command: ['node', '/with space/main.js'] },
    ]);
    const asked = { command: ['env'], ownCommand: 'append' };
    expect(parseImageFlag(`a/b=${JSON.stringify(asked)}`)).toEqual(['a/b', asked]);
    for (const bad of ['a/b', '=node', 'a=', 'a=[1]', 'a=["x"', 'a={"command":[]}', 'a={"comand":["x"]}'])
      expect(() => parseImageFlag(bad)).toThrow(/expected name=program/);
  });
});

describe('expandVariables', () => {
  it.each([
    ['$(A)', '1'],
    ['x$(A)y$(A)', 'x1y1'],
    ['$$(A)', '$(A)'],
    ['$(MISSING)', '$(MISSING)'],
    ['$A $(', '$A $('],
    ['{"endpoint":"tcp://*:5557"}', '{"endpoint":"tcp://*:5557"}'],
  ])('%s → %s', (text, expected) => {
    expect(expandVariables(text, { A: '1' })).toBe(expected);
  });
});

describe('PodAddresses', () => {
  it('gives each pod another address, and none on which something listens', async () => {
    const addresses = new PodAddresses('127.77.5.0/29');
    const first = await addresses.allocate([]);
    expect(first).toBe('127.77.5.1');
    const server: Server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.77.5.2', resolve));
    const { port } = server.address() as { port: number };
    expect(await addresses.allocate([port])).toBe('127.77.5.3');
    server.close();
    for (const expected of ['127.77.5.4', '127.77.5.5', '127.77.5.6', '127.77.5.2']) {
      expect(await addresses.allocate([port])).toBe(expected);
    }
    await expect(addresses.allocate([])).rejects.toThrow(/choose a larger --pod-cidr/);
    addresses.release('127.77.5.4');
    expect(await addresses.allocate([])).toBe('127.77.5.4');
  });

  it.each(['10.0.0.0/8', '127.0.0.0/31', '127.0.0.0', '127.300.0.0/16', 'x'])('refuses %s', (cidr) => {
    expect(() => new PodAddresses(cidr)).toThrow(/within 127\.0\.0\.0\/8/);
  });
});

describe('RestartBackoff', () => {
  it('restarts at once, then ever later, and starts over after a healthy run', () => {
    const backoff = new RestartBackoff();
    const delays = [0, 0, 0, 0, 0, 0, 0, 0].map((ranMs) => backoff.nextDelayMs(ranMs));
    expect(delays).toEqual([0, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    expect(backoff.nextDelayMs(60_000)).toBe(0);
  });
});

describe('parseQuantity', () => {
  it.each([
    ['500m', 0.5],
    ['2', 2],
    ['16Gi', 16 * 2 ** 30],
    ['1e3', 1000],
    ['2Ti', 2 * 2 ** 40],
    [3, 3],
  ])('%s', (text, expected) => {
    expect(parseQuantity(text)).toBeCloseTo(expected, 9);
  });

  it('is no number for nonsense', () => expect(parseQuantity('lots')).toBeNaN());
});
