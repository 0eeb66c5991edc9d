import { describe, expect, it } from '@jest/globals';
import { namespaceRoot, promptBlocks } from '@penstock/core/kv';
import { fleetEndpoint, fleetPool } from '../../test/fleet-builder.js';
import { PrefixKeyMaker } from './prefix-keys.js';

const tokens = Uint32Array.from({ length: 100 }, (_, i) => i);
const small = fleetEndpoint({ baseModel: 'm', blockSize: 16, adapters: new Set(['ada']) });
const large = fleetEndpoint({ baseModel: 'm', blockSize: 32, adapters: new Set(['ada']) });
const fresh = fleetEndpoint();
const expected = (blockSize: number, more = {}) => ({
  ...promptBlocks(namespaceRoot({ model: 'm', blockSize, ...more }), tokens, blockSize),
  blockSize,
});

describe('PrefixKeyMaker', () => {
  it('makes the keys of every block size in a pool, once each', () => {
    const keys = new PrefixKeyMaker().keys(fleetPool('p', fresh, small, large), 'm', tokens, undefined);
    expect(keys?.first).toEqual(expected(16));
    expect(keys?.of(large)).toEqual(expected(32));
    expect(keys?.of(large)).toBe(keys?.of({ ...large }));
    expect(keys?.of(small)).toBe(keys?.first);
    expect(keys?.of(fresh)).toBe(keys?.first);
  });

  it('keeps adapters and salts apart', () => {
    const maker = new PrefixKeyMaker();
    const pool = fleetPool('p', small);
    expect(maker.keys(pool, 'ada', tokens, undefined)?.first).toEqual(expected(16, { lora: 'ada' }));
    expect(maker.keys(pool, 'm', tokens, 's')?.first).toEqual(expected(16, { cacheSalt: 's' }));
    expect(maker.keys(pool, 'm', tokens, undefined)?.first).toEqual(expected(16));
  });

  it('has none while no engine has said its block size', () => {
    expect(new PrefixKeyMaker().keys(fleetPool('p', fresh), 'm', tokens, undefined)).toBeUndefined();
  });
});
