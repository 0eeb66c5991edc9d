import { describe, expect, it } from '@jest/globals';
import { ENGINE_PROFILES, findProfile, kvPoolTokens, stepTimeMs } from './index.js';

const profile = findProfile({ gpu: 'h100', model: 'Qwen/Qwen3-32B', dtype: 'bf16', tp: 2 });

describe('stepTimeMs', () => {
  it('gives the published prefill throughput and inter-token latency of Qwen3-32B on two H100', () => {
    // One 8,192-token chunk of a fresh prompt: llm-d publishes 15,928 tokens/s.
    const prefillMs = stepTimeMs(profile, {
      decodingSequences: 0,
      decodeContextTokens: 0,
      prefillKTokens: 8.192,
      prefillKTokensSquared: 8.192 ** 2,
    });
    expect(Math.abs((8192 / prefillMs) * 1000 - 15_928) / 15_928).toBeLessThan(0.02);
    // Calibration column "ITL @1k, batch 64" is 19.6 ms.
    const decodeMs = stepTimeMs(profile, {
      decodingSequences: 64,
      decodeContextTokens: 64 * 1024,
      prefillKTokens: 0,
      prefillKTokensSquared: 0,
    });
    expect(Math.abs(decodeMs - 19.6)).toBeLessThan(1);
  });

  it('adds prefill to a decoding step, on the decode base', () => {
    const mixed = stepTimeMs(profile, {
      decodingSequences: 1,
      decodeContextTokens: 1000,
      prefillKTokens: 1,
      prefillKTokensSquared: 1,
    });
    expect(mixed).toBeCloseTo(13.86 + 0.0329 + 0.0436 + 54.96 + 0.765, 10);
  });
});

describe('profiles', () => {
  it('has the 31 calibrated configurations, each with room for its KV cache', () => {
    expect(ENGINE_PROFILES).toHaveLength(31);
    for (const p of ENGINE_PROFILES) {
      expect(p.kvPoolTokens).toBeGreaterThan(16_000);
      expect(p.kvPoolTokens % 16).toBe(0);
    }
  });

  it('uses the measured pool where there is one, and the formula reproduces it', () => {
    expect(profile).toMatchObject({ kvPoolTokens: 307_328, kvPoolSource: 'measured' });
    const derived = kvPoolTokens({ gpu: 'h100', tp: 2, weightBytes: 65.52e9, kvBytesPerToken: 262_144 });
    expect(Math.abs(derived - 307_328) / 307_328).toBeLessThan(0.01);
  });

  it('finds by name with organisation and suffix, and lists what exists otherwise', () => {
    const found = findProfile({
      gpu: 'H200',
      model: 'meta-llama/Llama-3.1-8B-Instruct',
      dtype: 'FP8',
      tp: 1,
    });
    expect(found).toMatchObject({ gpu: 'h200', model: 'Llama-3.1-8B', dtype: 'fp8' });
    expect(() => findProfile({ gpu: 'h100', model: 'Qwen3-32B', dtype: 'bf16', tp: 3 })).toThrow(
      /tp 3; choose one of: .*h100 Qwen3-32B bf16 TP2/,
    );
  });
});
