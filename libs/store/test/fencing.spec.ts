import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { StoredDelta } from '@penstock/core/ports';
import { blocksAsText, type ManagedServer, startRedis } from '@penstock/testing';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import type { RedisBlockStore } from '../src/index.js';
import { packSnapshot } from '../src/packing/snapshot.js';
import { EngineCommands } from '../src/redis/engine-commands.js';
import { engineKeys } from '../src/redis/redis-keys.js';
import { type ScriptClient, ScriptRunner } from '../src/redis/script-runner.js';
import { Started } from './fleet/servers.js';

const POOL = ['ns', 'pool'] as const;
const started = new Started();

describe('a stale ingester', () => {
  let server: ManagedServer;
  let client: Redis;
  let commands: EngineCommands;
  let [old, young]: RedisBlockStore[] = [];
  beforeAll(async () => {
    server = await startRedis();
    client = new Redis(server.url);
    commands = new EngineCommands(new ScriptRunner(client as unknown as ScriptClient, () => {}));
    [old, young] = [await started.store({ urls: [server.url] }), await started.store({ urls: [server.url] })];
  });
  afterAll(async () => {
    client.disconnect();
    await started.closeAll();
    await server.stop();
  });

  const delta = (engineId: string, incarnation: number, sequence: number): StoredDelta => ({
    engineId,
    incarnation,
    sequence,
    engineSequence: sequence,
    cleared: false,
    removed: [],
    changes: [
      {
        tier: 'gpu',
        engineHashes: BigUint64Array.of(BigInt(sequence)),
        keys: BigUint64Array.of(BigInt(incarnation)),
      },
    ],
  });
  const whole = (engineId: string, incarnation: number, sequence: number) => {
    const { changes: blocks, engineSequence } = delta(engineId, incarnation, sequence);
    return { engineId, incarnation, sequence, engineSequence, facts: {}, blocks };
  };

  it('gives its last words to the one who takes over, and changes nothing from then on', async () => {
    let engine = 0;
    const step = fc.oneof(
      fc.nat({ max: 6 }).map((sequence) => ({ life: 1, does: 'append' as const, sequence })),
      fc.nat({ max: 6 }).map((sequence) => ({ life: 1, does: 'replace' as const, sequence })),
      fc.constantFrom('remove' as const, 'fold' as const).map((does) => ({ life: 1, does, sequence: 0 })),
      fc.constant({ life: 2, does: 'append' as const, sequence: 0 }),
      fc.constant({ life: 2, does: 'remove' as const, sequence: 0 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 5 }), fc.array(step, { maxLength: 12 }), async (written, steps) => {
        const engineId = `ns/e${engine++}`;
        for (let sequence = 1; sequence <= written; sequence++)
          expect(await old?.append(...POOL, delta(engineId, 1, sequence))).toBe(true);
        // The old ingester is dead, or so it seems.
        const inherited = await young?.load(...POOL, engineId);
        expect(inherited?.sequence).toBe(written === 0 ? undefined : written);
        expect(await young?.append(...POOL, delta(engineId, 2, 1))).toBe(true);
        let sequence = 1;
        let isRemoved = false;
        for (const { life, does, sequence: stale } of steps) {
          if (life === 1) expect(await staleWrite(engineId, does, stale)).toBe(false);
          else if (does === 'remove') {
            await young?.remove(...POOL, engineId, 2);
            isRemoved = true;
            sequence = 0;
          } else {
            expect(await young?.append(...POOL, delta(engineId, 2, ++sequence))).toBe(true);
            isRemoved = false;
          }
          const loaded = await young?.load(...POOL, engineId);
          const expected = isRemoved ? [] : Array.from({ length: sequence }, (_, i) => `gpu ${i + 1}=2`);
          expect(blocksAsText(loaded)).toEqual(expected.sort());
          expect(loaded?.incarnation).toBe(isRemoved ? undefined : 2);
        }
      }),
      { numRuns: 60 },
    );
  });

  async function staleWrite(
    engineId: string,
    does: 'append' | 'replace' | 'remove' | 'fold',
    sequence: number,
  ): Promise<boolean | undefined> {
    if (does === 'append') return old?.append(...POOL, delta(engineId, 1, sequence));
    if (does === 'replace') return old?.replace(...POOL, whole(engineId, 1, sequence));
    if (does === 'remove') {
      await old?.remove(...POOL, engineId, 1);
      return false;
    }
    const snapshot = packSnapshot({ windowBlocks: 0, blocks: [] });
    const from = { incarnation: 1, base: 0, records: 1, bytes: 1 };
    return commands.fold(engineKeys(...POOL, engineId), from, 1, snapshot, 60_000);
  }
});
