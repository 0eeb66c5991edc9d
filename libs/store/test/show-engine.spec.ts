import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { engineKeys } from '../src/redis/redis-keys.js';
import { EngineWriter } from './fleet/engine-writer.js';
import { Started } from './fleet/servers.js';

const POOL = ['ns', 'pool'] as const;
const SCRIPT = readFileSync(new URL('../tools/show-engine.lua', import.meta.url), 'utf8');
const started = new Started();
afterEach(() => started.closeAll());

const hex = (value: bigint | number, digits: number) => value.toString(16).padStart(digits, '0');
const lineOf = ([hash, [key, check]]: readonly [bigint, readonly [bigint, number]]) =>
  `gpu hash ${hex(hash, 16)} key ${hex(key, 16)} check ${hex(check, 8)}`;

describe('tools/show-engine.lua', () => {
  it('prints what an engine holds, from snapshot and log, or who holds a block', async () => {
    const server = await started.server();
    const client = started.operator(server);
    const store = await started.store({ urls: [server.url] });
    const { head, snapshot, log } = engineKeys(...POOL, 'ns/e');
    const show = (...args: string[]) => client.eval(SCRIPT, 3, head, snapshot, log, ...args);
    expect(await show()).toBe('nothing that this script can read is stored here');

    const writer = new EngineWriter(store, 'ns/e', 1, 1, 40);
    await writer.turnOver(30);
    await writer.writeAll();
    for (let i = 0; i < 5; i++) await writer.turnOver(7);
    const held = [...writer.held];
    expect(held).toHaveLength(40);
    expect(await show()).toEqual(['incarnation 1 sequence 6 blocks 40', ...held.map(lineOf).sort()]);
    const [block] = held as [(typeof held)[0]];
    expect(await show(hex(block[1][0], 16))).toEqual(['incarnation 1 sequence 6 blocks 1', lineOf(block)]);
    expect(await show(hex(7, 16))).toEqual(['incarnation 1 sequence 6 blocks 0']);
  });

  it('tells tiers and windows apart, and applies clearings and removals before stores', async () => {
    const server = await started.server();
    const client = started.operator(server);
    const store = await started.store({ urls: [server.url] });
    const { head, snapshot, log } = engineKeys(...POOL, 'ns/e');
    const [engineHashes, keys] = [BigUint64Array.of(1n, 2n), BigUint64Array.of(11n, 12n)];
    const engine = { engineId: 'ns/e', incarnation: 3, sequence: 1, engineSequence: 1 };
    await store.replace(...POOL, { ...engine, facts: {}, blocks: [{ tier: 's3', engineHashes, keys }] });
    await store.append(...POOL, {
      ...engine,
      sequence: 2,
      cleared: true,
      removed: [{ tier: 'cpu', window: true, engineHashes: BigUint64Array.of(1n) }],
      changes: [{ tier: 'cpu', window: true, engineHashes, keys, checks: Uint32Array.of(0xab, 0) }],
    });
    expect(await client.eval(SCRIPT, 3, head, snapshot, log)).toEqual([
      'incarnation 3 sequence 2 blocks 2',
      `cpu window hash ${hex(1, 16)} key ${hex(11, 16)} check 000000ab`,
      `cpu window hash ${hex(2, 16)} key ${hex(12, 16)} check 00000000`,
    ]);
  });
});
