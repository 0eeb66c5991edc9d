import { describe, expect, it } from '@jest/globals';
import type { EventBus, OutgoingEvent } from '@penstock/core/ports';
import { createLogger, openReplicaHost } from '@penstock/platform';
import { FakeClock } from '@penstock/testing';
import type { EngineFollower } from '../src/application/follow-engine.js';
import type { BlockPersister } from '../src/application/persist-changes.js';
import { ChangePublisher } from '../src/application/publish-changes.js';

const BLOCKS = 20_000;
const keys = BigUint64Array.from({ length: BLOCKS }, (_, i) => BigInt(i));

/** An engine with a full cache. */
function engine(engineId: string): EngineFollower {
  const position = { incarnation: 1, sequence: 1 };
  const snapshot = () => ({ engineId, ...position, tiers: [{ tier: 'gpu', keys }] });
  const cache = { ...position, replaying: false, snapshot };
  return { engineId, pool: { namespace: 'ns', name: 'pool' }, cache } as unknown as EngineFollower;
}

describe('snapshots of many engines', () => {
  const clock = new FakeClock();
  const sent: OutgoingEvent[] = [];
  const bus = { publish: (event: OutgoingEvent) => void sent.push(event) } as unknown as EventBus;
  const publisher = new ChangePublisher(
    openReplicaHost('off', { clock }),
    bus,
    {} as BlockPersister,
    clock,
    { snapshotIntervalMs: 5_000, snapshotMaxIntervalMs: 20_000, snapshotPartBlocks: 40_000 },
    'kv-index/test',
    createLogger({ service: 'kv-index', instance: 'test', level: 'silent' }),
  );
  const engines = Array.from({ length: 300 }, (_, i) => engine(`ns/e${i}`));
  const tick = () => {
    sent.length = 0;
    publisher.publishDueSnapshots(engines);
    clock.advance(100);
    return sent.map((event) => event.key);
  };

  it('are spread over the ticks, so that a 32 MiB buffer holds what one tick adds, and every engine has its turn', () => {
    for (let round = 0; round < 2; round++) {
      const told = new Set<string | undefined>();
      for (let i = 0; i < 30; i++) {
        const inTick = tick();
        expect(inTick.length * BLOCKS * 8 * (4 / 3)).toBeLessThan(4 * 1024 * 1024);
        for (const key of inTick) told.add(key);
      }
      expect(told.size).toBe(300);
      publisher.renewSnapshots();
    }
    for (let i = 0; i < 30; i++) tick();
    expect(tick()).toEqual([]);
    clock.advance(20_000);
    expect(tick()).toHaveLength(10);
  });
});
