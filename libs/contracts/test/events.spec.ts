import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import {
  asyncApiDocument,
  EVENTS,
  type EventDefinition,
  eventSchema,
  packU64,
  unpackU64,
} from '@penstock/contracts';
import { Ajv2020 } from 'ajv/dist/2020.js';

const definitions = Object.values(EVENTS) as EventDefinition[];

describe('event schemas', () => {
  it.each(definitions.map((d) => [d.type, d] as const))(
    '%s: the committed JSON Schema is the one of the code and compiles',
    (_, d) => {
      const path = new URL(`../schemas/${d.type}.v${d.version}.json`, import.meta.url);
      const committed = JSON.parse(readFileSync(path, 'utf8'));
      expect(committed).toEqual(eventSchema(d));
      expect(new Ajv2020({ strict: false }).compile(committed)).toBeInstanceOf(Function);
    },
  );

  it('refuses what does not fit and keeps what it does not know', () => {
    const { schema } = EVENTS['kv.snapshot'];
    const position = { engine: 'ns/engine-0', incarnation: 1, sequence: 2, part: 0, parts: 1 };
    const snapshot = { ...position, tiers: [], later: 1 };
    expect(schema.parse(snapshot)).toHaveProperty('later', 1);
    expect(schema.safeParse({ ...snapshot, sequence: -1 }).success).toBe(false);
    expect(schema.safeParse({ ...snapshot, tiers: [{ tier: 'tape', keys: '' }] }).success).toBe(false);
    expect(schema.safeParse({ ...snapshot, tiers: [{ tier: 'gpu', keys: '***' }] }).success).toBe(false);
  });

  it('describes every event in the AsyncAPI document', () => {
    const channels = asyncApiDocument()['channels'] as Record<string, { address: string }>;
    expect(Object.keys(channels)).toHaveLength(definitions.length);
    expect(channels['kvDelta']?.address).toBe('penstock.v1.kv.delta.{namespace}.{pool}.{key}');
    expect(channels['demandReported']?.address).toBe('penstock.v1.demand.reported.{namespace}.{pool}');
  });
});

describe('packed keys', () => {
  it('are little-endian and survive a round trip', () => {
    const keys = BigUint64Array.of(1n, 0xffff_ffff_ffff_ffffn, 0x0102_0304_0506_0708n);
    expect(Buffer.from(packU64(keys), 'base64').toString('hex')).toBe(
      '0100000000000000ffffffffffffffff0807060504030201',
    );
    expect(unpackU64(packU64(keys))).toEqual(keys);
    expect(unpackU64('')).toHaveLength(0);
  });

  it('name the length that does not fit', () => {
    expect(() => unpackU64('AAAA')).toThrow('3 bytes');
  });
});
