import { describe, expect, it } from '@jest/globals';
import { findProfile } from '../engine-model/index.js';
import { createPolicy, POLICY_NAMES } from '../routing/index.js';
import { generateSessions, runClairvoyant, runFleet, sharedPrefixWorkload, traceWorkload } from './index.js';

const profile = findProfile({ gpu: 'h100', model: 'Qwen3-32B', dtype: 'bf16', tp: 2 });
const top = sharedPrefixWorkload({
  seed: 1,
  rungs: [
    { perSecond: 15, seconds: 50 },
    { perSecond: 60, seconds: 25 },
  ],
});
const run = (policy: string, workload = top, engines = 8) =>
  runFleet({ engines, engine: { profile }, policy: createPolicy(policy), seed: 1 }, workload);

describe('runFleet', () => {
  it.each(POLICY_NAMES)('%s completes every request with its tokens, the same way each time', (policy) => {
    const workload = traceWorkload(generateSessions({ seed: 2, requests: 150, requestsPerSecond: 6 }));
    const [stage] = run(policy, workload, 3);
    const { arrivals } = workload.stages[0]!;
    expect(stage!.requests).toBe(150);
    expect(stage!.outputTokens).toBe(arrivals.reduce((sum, a) => sum + a.outputTokens, 0));
    expect(stage!.ttftSamplesMs).toHaveLength(150);
    expect(stage!.sharePerEngine.reduce((a, b) => a + b)).toBeCloseTo(1, 10);
    expect(stage!.ttftMs.p50).toBeLessThanOrEqual(stage!.ttftMs.p90);
    expect(stage!.outputTokensPerSecond).toBeCloseTo((stage!.outputTokens / stage!.endMs) * 1000, 6);
    expect(run(policy, workload, 3)).toEqual([stage]);
  });

  it('starts a stage when the one before has drained', () => {
    const [first, second] = run('round-robin');
    expect(second!.startMs).toBe(first!.endMs);
  });

  it('times one request alone as the engine model does', () => {
    const workload = traceWorkload([{ timestampMs: 0, inputLength: 1024, outputLength: 3, hashIds: [1, 2] }]);
    const [stage] = run('random', workload, 1);
    const ttft = 3.2 + 54.96 * 1.024 + 0.765 * 1.024 ** 2;
    expect(stage!.ttftMs.p50).toBeCloseTo(ttft, 6);
    const decode = (context: number) => 13.86 + 0.0329 + 0.0436 * (context / 1000);
    expect(stage!.endMs).toBeCloseTo(ttft + decode(1025) + decode(1026), 6);
    expect(Math.abs(stage!.itlMs.p50 / decode(1025) - 1)).toBeLessThan(0.005);
  });

  it('lands near the published figures of workload W at 60 requests/s', () => {
    // llm-d: round-robin 7.0k output tokens/s and TTFT p90 135–154 s, exact prefixes 14.9k and 0.26 s.
    const blind = run('round-robin')[1]!;
    const exact = run('3-2-2')[1]!;
    expect(blind.outputTokensPerSecond).toBeGreaterThan(6500);
    expect(blind.outputTokensPerSecond).toBeLessThan(7600);
    expect(blind.ttftMs.p90).toBeGreaterThan(120_000);
    expect(blind.ttftMs.p90).toBeLessThan(165_000);
    expect(exact.outputTokensPerSecond).toBeGreaterThan(1.75 * blind.outputTokensPerSecond);
    expect(exact.ttftMs.p90).toBeLessThan(300);
    expect(exact.hitRatio).toBeGreaterThan(0.95);
  });

  it('is bounded by the clairvoyant fleet', () => {
    const bound = runClairvoyant({ engines: 8, engine: { profile }, seed: 1 }, top)[1]!;
    const exact = run('3-2-2')[1]!;
    expect(bound.outputTokensPerSecond).toBeGreaterThan(exact.outputTokensPerSecond);
    expect(bound.ttftMs.p90).toBeLessThan(exact.ttftMs.p90);
    expect(bound.preemptions).toBe(0);
    expect(bound.hitRatio).toBeGreaterThan(exact.hitRatio);
  });

  describe('with storage', () => {
    const tiers = {
      cpuBytes: 40e9,
      ssdBytes: 400e9,
      s3Bytes: 0,
      links: { ssdToGpu: { bytesPerSecond: 24e9, latencyMs: 0.2 } },
    };
    const sessions = traceWorkload(generateSessions({ seed: 3, requests: 600, requestsPerSecond: 4 }));
    const small = (options: Partial<Parameters<typeof runFleet>[0]> = {}) =>
      runFleet(
        {
          engines: 8,
          engine: { profile, blockCount: 4_000 },
          policy: createPolicy('3-2-2'),
          seed: 1,
          ...options,
        },
        sessions,
      )[0]!;

    it('serves every request, finds in storage what the GPUs lost, and is no slower', () => {
      const without = small();
      const withTiers = small({ tiers });
      expect(withTiers.outputTokens).toBe(without.outputTokens);
      expect(without.tiers).toBeUndefined();
      const { loads, loadedChunks, movedBytes, externalHitTokens, externalQueryTokens } = withTiers.tiers!;
      expect(loads).toBeGreaterThan(20);
      expect(externalHitTokens).toBeGreaterThan(0);
      expect(externalQueryTokens).toBeGreaterThan(externalHitTokens);
      expect(loadedChunks.cpu).toBeGreaterThan(0);
      const chunkBytes = 262_144 * 512;
      expect(movedBytes['cpu-gpu'] + movedBytes['ssd-gpu']).toBe(
        (loadedChunks.cpu + loadedChunks.ssd + loadedChunks.s3) * chunkBytes,
      );
      expect(withTiers.ttftMs.p90).toBeLessThanOrEqual(without.ttftMs.p90);
      expect(small({ tiers })).toEqual(withTiers);
    });

    it('leaves policies without exact prefixes blind to it, not their engines', () => {
      const stage = small({ tiers, policy: createPolicy('round-robin') });
      expect(stage.requests).toBe(600);
      expect(stage.tiers!.loads).toBeGreaterThan(0);
      expect(stage.tiers!.movedBytes['s3-cpu']).toBe(0);
    });

    it('loads only what pays', () => {
      const slow = { bytesPerSecond: 1e8, latencyMs: 50 };
      const crawling = { ...tiers, links: { cpuToGpu: slow, ssdToGpu: slow } };
      const gated = small({ tiers: crawling });
      expect(gated.tiers!.loadsRefused).toBeGreaterThan(0);
      const ungated = small({ tiers: crawling, engine: { profile, blockCount: 4_000, loadGate: false } });
      expect(gated.ttftMs.p90).toBeLessThan(ungated.ttftMs.p90);
    });
  });
});
