import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type EventData, packKvDeltas, packU64, type schedulerV1, unpackU64 } from '@penstock/contracts';
import { blockKeys, namespaceSeed, nodeHolder, objectStoreHolder, type Tier } from '@penstock/core/kv';
import { NatsEventBus } from '@penstock/messaging';
import { createGrpcClient, type GrpcClient } from '@penstock/platform';
import { type ManagedServer, startNats, until } from '@penstock/testing';
import { type Harness, startHarness } from './scheduler-harness.js';

const PROMPT = Array.from({ length: 64 }, (_, i) => i);
const KEYS = blockKeys(namespaceSeed({ model: 'base', blockSize: 4 }), PROMPT, 4);
const NODES = ['n0', 'n1', 'n2', 'n3'];
const S3 = objectStoreHolder('ns', 'p');
const nodeOf = (engine: number) => nodeHolder('ns', 'p', `n${engine}`);
const engineOf = (engine: number) => `ns/engine-${engine}`;

type Methods = {
  Pick: { request: Partial<schedulerV1.PickRequest>; response: schedulerV1.PickResponse };
  Explain: { request: Partial<schedulerV1.ExplainRequest>; response: schedulerV1.ExplainResponse };
};
type Decided = EventData<'routing.decided'>;

describe('tier hits, on real NATS', () => {
  let nats: ManagedServer;
  let fakeOffload: NatsEventBus;
  let h: Harness;
  let grpc: GrpcClient<Methods>;
  let sequences: Map<string, number>;
  const incarnation = 1;

  const connect = (source: string) => NatsEventBus.connect({ servers: [nats.url], source });
  /** What the fake kv-offload, or kv-index, says of a holder; `lost` deltas never reach the bus. */
  const delta = (
    holder: string,
    tier: Tier,
    change: { stored?: BigUint64Array; removed?: BigUint64Array; lost?: boolean },
  ) => {
    const sequence = (sequences.get(holder) ?? 0) + 1;
    sequences.set(holder, sequence);
    if (change.lost) return;
    const none = new BigUint64Array(0);
    const { stored = none, removed = none } = change;
    const changes = [{ tier, stored, removed }];
    const [data] = packKvDeltas('fake', [
      { engineId: holder, incarnation, sequence, cleared: false, changes },
    ]);
    fakeOffload.publish({ type: 'kv.delta', namespace: 'ns', pool: 'p', key: 'fake', data });
  };
  const snapshot = (holder: string, tier: Tier, keys: BigUint64Array) => {
    const sequence = sequences.get(holder) ?? 0;
    const tiers = [{ tier, keys: packU64(keys) }];
    const data = { engine: holder, incarnation, sequence, part: 0, parts: 1, tiers };
    fakeOffload.publish({ type: 'kv.snapshot', namespace: 'ns', pool: 'p', key: `${holder}/0`, data });
  };
  const pick = async () => (await grpc.call('Pick', { model: 'base', tokenIds: PROMPT, holdMs: 1 })).decision;
  /** Until the whole prompt is found on the tier, which no chance does. */
  const picks = (engine: number, tier: Tier) =>
    until(async () => {
      const decision = await pick();
      return decision?.endpoint === h.addresses[engine] && decision?.matchedByTier[tier] === 64;
    }, 8000);
  const kvView = async () => {
    const { checks } = (await (await fetch(`${h.metricsUrl}/readyz`)).json()) as {
      checks: Array<{ name: string; ok: boolean }>;
    };
    return checks.find(({ name }) => name === 'kv-view');
  };
  /** What the view says of each engine: that its cache is empty. Of deltas, who comes later gets only the last batch. */
  const followAll = () => {
    for (let e = 0; e < NODES.length; e++) snapshot(engineOf(e), 'gpu', new BigUint64Array(0));
  };

  beforeEach(async () => {
    sequences = new Map();
    nats = await startNats();
    fakeOffload = connect('kv-offload/test');
    h = await startHarness({ engines: NODES.length, nodes: NODES, bus: connect('scheduler/a') });
    grpc = createGrpcClient<Methods>({
      proto: 'scheduler',
      service: 'SchedulerService',
      address: `127.0.0.1:${h.service.listeners.grpc}`,
    });
    followAll();
    await until(async () => (await h.metrics()).includes('penstock_scheduler_kv_engines{state="synced"} 4'));
  });
  afterEach(async () => {
    grpc.close();
    await h.stop();
    await fakeOffload.close();
    await nats.stop();
  });

  it('sends a request to the node whose memory has its prefix, and to a GPU that has it before that', async () => {
    delta(nodeOf(2), 'cpu', { stored: KEYS });
    await picks(2, 'cpu');
    // Not by chance: the others are idle, too.
    for (let i = 0; i < 8; i++) expect((await pick())?.endpoint).toBe(h.addresses[2]);
    for (const e of h.engines) e.behaviour = { kind: 'stream', tokens: 3, usage: true };
    const body = { model: 'base', prompt: PROMPT, stream: true };
    await (await h.post('/v1/completions', body)).text();
    const decision = await pick();
    expect(decision).toMatchObject({
      engine: engineOf(2),
      node: 'n2',
      prefixSource: 'exact',
      promptTokens: 64,
      matchedTokens: 64,
      matchedByTier: { cpu: 64 },
    });
    expect(decision?.leading[0]?.matchedTokens).toBe(Math.round(64 * 0.9));
    expect(decision?.reason).toContain('64 on cpu (counted 0.9)');
    delta(engineOf(1), 'gpu', { stored: KEYS });
    await picks(1, 'gpu');
    for (let i = 0; i < 8; i++) expect((await pick())?.endpoint).toBe(h.addresses[1]);
    await (await h.post('/v1/completions', body)).text();
    expect(await pick()).toMatchObject({ matchedByTier: { gpu: 64 }, loads: [] });
    const metrics = await h.metrics();
    expect(metrics).toMatch(/prefix_hit_tier_tokens_total\{pool="ns\/p",tier="cpu"\} 64/);
    expect(metrics).toMatch(/prefix_hit_tier_tokens_total\{pool="ns\/p",tier="gpu"\} 64/);
    expect(metrics).toContain('penstock_scheduler_kv_storage{state="synced"} 1');
    // The engine says of each that it had 4 tokens.
    expect(metrics).toMatch(/promised_tokens_total\{pool="ns\/p",outcome="kept"\} 8/);
    expect(metrics).toMatch(/promised_tokens_total\{pool="ns\/p",outcome="broken"\} 120/);
    expect(metrics).toMatch(/prefix_hit_depth_tokens_count\{pool="ns\/p"\} [1-9]/);
  });

  it('says in the event what the engine can load from where', async () => {
    const seen: Decided[] = [];
    const watcher = connect('watcher/0');
    await watcher.follow<Decided>(
      { types: ['routing.decided'], from: 'all' },
      ({ data }) => void seen.push(data),
    );
    try {
      delta(engineOf(3), 'gpu', { stored: KEYS.subarray(0, 4) });
      delta(nodeOf(3), 'ssd', { stored: KEYS.subarray(0, 8) });
      delta(S3, 's3', { stored: KEYS.subarray(0, 12) });
      await until(async () => (await pick())?.matchedTokens === 48);
      const { requestId, decision } = await grpc.call('Pick', { model: 'base', tokenIds: PROMPT, holdMs: 1 });
      expect(decision?.endpoint).toBe(h.addresses[3]);
      expect(decision?.matchedByTier).toEqual({ gpu: 16, ssd: 16, s3: 16 });
      expect(decision?.loads.map(({ tier, keys }) => [tier, keys.length / 8])).toEqual([
        ['ssd', 4],
        ['s3', 4],
      ]);
      await until(() => seen.some((event) => event.requestId === requestId), 5000);
      const event = seen.find((decided) => decided.requestId === requestId);
      expect(event).toMatchObject({
        engine: engineOf(3),
        node: 'n3',
        matchedByTier: { gpu: 16, ssd: 16, s3: 16 },
      });
      const loads = event?.loads?.map(({ tier, keys }) => [tier, [...unpackU64(keys)]]);
      expect(loads).toEqual([
        ['ssd', [...KEYS.subarray(4, 8)]],
        ['s3', [...KEYS.subarray(8, 12)]],
      ]);
      const explained = (await grpc.call('Explain', { requestId })).decision;
      expect(explained).toEqual(decision);
    } finally {
      await watcher.close();
    }
  });

  it('does not use what was withdrawn, nor anything after a gap until the next snapshot', async () => {
    delta(nodeOf(0), 'cpu', { stored: KEYS });
    await picks(0, 'cpu');
    delta(nodeOf(0), 'cpu', { removed: KEYS.subarray(2) });
    await until(async () => ((await pick())?.matchedTokens ?? 64) <= 8);
    delta(nodeOf(0), 'cpu', { stored: KEYS.subarray(2), lost: true });
    delta(nodeOf(0), 'cpu', { stored: KEYS.subarray(0, 1) });
    await until(async () => (await h.metrics()).includes('penstock_scheduler_kv_storage{state="waiting"} 1'));
    expect((await pick())?.matchedTokens).toBe(0);
    await until(async () => (await kvView())?.ok === false, 5000);
    snapshot(nodeOf(0), 'cpu', KEYS);
    await picks(0, 'cpu');
  });

  it('starts from the last snapshot of storage', async () => {
    delta(nodeOf(2), 'cpu', { stored: KEYS });
    snapshot(nodeOf(2), 'cpu', KEYS);
    delta(engineOf(0), 'gpu', {});
    snapshot(engineOf(0), 'gpu', new BigUint64Array(0));
    await fakeOffload.flush();
    const late = await startHarness({ engines: 4, nodes: NODES, bus: connect('scheduler/b') });
    try {
      await until(async () =>
        (await late.metrics()).includes('penstock_scheduler_kv_storage{state="synced"} 1'),
      );
    } finally {
      await late.stop();
    }
  });
});
