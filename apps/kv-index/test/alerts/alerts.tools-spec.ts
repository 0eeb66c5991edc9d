import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { nodeHolder } from '@penstock/core/kv';
import { NatsEventBus } from '@penstock/messaging';
import { until } from '@penstock/testing';
import { parse } from 'yaml';
import { NAMESPACE } from '../index-lab.js';
import type { RealEngine } from '../real-engine.js';
import { AlertLab, RULES } from './alert-lab.js';

interface Rules {
  groups: Array<{ rules: Array<{ alert: string; annotations: { runbook: string } }> }>;
}
const rules = (parse(readFileSync(RULES, 'utf8')) as Rules).groups.flatMap((group) => group.rules);
const BYTES = { layout: 'map', hashes: 'bytes' } as const;

describe('alerts of kv-index', () => {
  const fired = new Set<string>();
  let lab: AlertLab;
  beforeEach(async () => {
    lab = new AlertLab();
  });
  afterEach(() => lab.stop(), 30_000);

  /** A healthy engine, and no alert; then the fault, and these alerts fire. */
  async function isToldOf(alerts: readonly string[], cause: () => Promise<unknown>): Promise<void> {
    const engine = await lab.addEngine('healthy', BYTES);
    engine.store('abcd');
    await lab.isLive('healthy');
    expect([...(await lab.watch())]).toEqual([]);
    await cause();
    const found = await lab.watch();
    for (const alert of alerts) {
      fired.add(`Penstock${alert}`);
      expect([...found]).toContain(`Penstock${alert}`);
    }
  }

  it('say that an engine is not followed any more', async () => {
    await lab.start();
    await isToldOf(['KvIndexEnginesNotLive'], async () => {
      await lab.engines.get('healthy')?.stop();
      await until(async () => (await lab.figure(/engines\{state="stale"\} (\d+)/)) === 1, 20_000);
    });
  });

  it('say that an engine has no replay where it should be', async () => {
    await lab.start();
    await isToldOf(['KvIndexReplaysFail'], async () => {
      // The HTTP port answers no replay.
      const silent = await lab.addEngine('silent', BYTES, {
        replayPort: lab.engines.get('healthy')?.httpPort as number,
      });
      silent.store('ab');
      await until(async () => (await lab.figure(/replays_total\{outcome="failed"\} (\d+)/)) > 0, 30_000);
    });
  });

  it('say that an engine forgot what was asked for', async () => {
    await lab.start();
    await isToldOf(['KvIndexReplaysTruncated'], async () => {
      const before = (engine: RealEngine) => {
        for (const prompt of ['a', 'b', 'c', 'd', 'e']) engine.store(prompt);
      };
      await lab.addEngine('forgetful', { ...BYTES, bufferMessages: 2 }, { before });
      await until(async () => (await lab.figure(/replays_total\{outcome="truncated"\} (\d+)/)) > 0, 30_000);
    });
  });

  it('say that events cannot be read', async () => {
    await lab.start();
    await isToldOf(['KvIndexEventsUnreadable'], async () => {
      lab.engines.get('healthy')?.sendGarbage();
      await until(async () => (await lab.figure(/problems_total\{reason="not-msgpack"\} (\d+)/)) > 0, 20_000);
    });
  });

  it('say that events come late', async () => {
    await lab.start();
    const slow = () => {
      const engine = lab.engines.get('healthy');
      if (engine) engine.delayMs = 5_000;
      engine?.store(String.fromCharCode(0x4e00 + lab.trial.length));
    };
    const engine = await lab.addEngine('healthy', BYTES);
    engine.store('abcd');
    await lab.isLive('healthy');
    expect([...(await lab.watch())]).toEqual([]);
    fired.add('PenstockKvIndexLagging');
    expect([...(await lab.watch(slow))]).toContain('PenstockKvIndexLagging');
  });

  it('say that engines restart', async () => {
    await lab.start();
    await isToldOf(['KvIndexEnginesRestart'], async () => {
      for (let restart = 1; restart <= 5; restart++) {
        const engine = lab.engines.get('healthy');
        await engine?.restart();
        engine?.store(`restart ${restart}`);
        const count = () => lab.figure(/engine_restarts_total\{source="events"\} (\d+)/);
        await until(async () => (await count()) >= restart, 30_000);
        await lab.isLive('healthy');
      }
    });
  });

  it('say that parents never come', async () => {
    await lab.start(['--max-orphan-blocks=8']);
    await isToldOf(['KvIndexOrphansDropped'], async () => {
      for (let i = 0; i < 4; i++) lab.engines.get('healthy')?.storeOrphan(`orphan ${i}`);
      const dropped = () => lab.figure(/orphan_blocks_total\{outcome="dropped"\} (\d+)/);
      await until(async () => (await dropped()) > 0, 20_000);
    });
  });

  it('say that nothing is heard of storage', async () => {
    await lab.start();
    await isToldOf(['KvIndexStorageSilent'], async () => {
      const bus = NatsEventBus.connect({ servers: [lab.nats.url], source: 'kv-offload/alerts' });
      const engine = nodeHolder(NAMESPACE, 'healthy', 'n');
      const data = { engine, incarnation: 1, sequence: 1, part: 0, parts: 1, tiers: [] };
      bus.publish({ type: 'kv.snapshot', namespace: NAMESPACE, pool: 'healthy', key: `${engine}/0`, data });
      await until(async () => (await lab.figure(/storage_holders\{state="synced"\} (\d+)/)) === 1, 20_000);
      await bus.close();
      lab.passTime(50_000);
    });
  });

  it('say that Redis is away', async () => {
    await lab.start();
    await isToldOf(['KvIndexRedisDown'], async () => {
      await lab.redis.kill();
      lab.engines.get('healthy')?.store('unstored');
      await until(async () => (await lab.figure(/store_connected (\d+)/)) === 0, 20_000);
    });
  });

  it('say that a replica does not see the others', async () => {
    await lab.start();
    await isToldOf(['KvIndexReplicasUnseen'], async () => {
      lab.cluster.disconnect();
      await until(async () => (await lab.figure(/members_known (\d+)/)) === 0, 20_000);
    });
  });

  it('say that NATS is away', async () => {
    await lab.start();
    await isToldOf(['KvIndexNatsDown'], async () => {
      await lab.nats.kill();
      await until(async () => (await lab.figure(/bus_connected (\d+)/)) === 0, 20_000);
    });
  });

  it('are all fired above, and each is in the runbook', async () => {
    expect(rules.map(({ alert }) => alert).toSorted()).toEqual([...fired].toSorted());
    for (const { alert, annotations } of rules) {
      const [file, anchor] = annotations.runbook.split('#');
      const page = readFileSync(new URL(`../../../../${file}`, import.meta.url), 'utf8');
      expect(anchor).toBe(alert.toLowerCase());
      expect(page).toContain(`\n## ${alert}\n`);
    }
  });
});
