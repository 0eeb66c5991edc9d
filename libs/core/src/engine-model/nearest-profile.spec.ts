import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ENGINE_PROFILES, findProfile, nearestProfile, parametersOf } from './index.js';

describe('nearestProfile', () => {
  it('finds every calibrated configuration itself', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ENGINE_PROFILES), ({ gpu, model, dtype, tp }) => {
        const query = { gpu, model: `some-organisation/${model}`, dtype, tp };
        expect(nearestProfile(query)).toEqual({ profile: findProfile(query), differences: [] });
      }),
    );
  });

  it.each([
    ['Qwen/Qwen3-32B', undefined, undefined, 'Qwen3-32B bf16 2', []],
    [
      'Qwen/Qwen3-0.6B',
      undefined,
      undefined,
      'Llama-3.1-8B bf16 1',
      ['model Qwen/Qwen3-0.6B as Llama-3.1-8B'],
    ],
    [
      'mistralai/Mixtral-8x7B',
      undefined,
      undefined,
      'Llama-3.1-70B bf16 4',
      [expect.stringContaining('Mixtral')],
    ],
    ['acme/secret', undefined, undefined, 'Qwen3-32B bf16 2', ['model acme/secret as Qwen3-32B']],
    ['Qwen3-32B', 'fp8', 8, 'Qwen3-32B fp8 1', ['tensor parallelism 8 as 1']],
    ['Qwen3-32B', 'int4', 2, 'Qwen3-32B bf16 2', ['int4 weights as bf16']],
  ])('times %s %s %s as %s', (model, dtype, tp, expected, differences) => {
    const nearest = nearestProfile({ gpu: 'h100', model, dtype, tp });
    const { profile } = nearest;
    expect([`${profile.model} ${profile.dtype} ${profile.tp}`, nearest.differences]).toEqual([
      expected,
      differences,
    ]);
  });

  it('answers for any model, and says so exactly when it is another one', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.option(fc.nat(64), { nil: undefined }), (model, tp) => {
        const { profile, differences } = nearestProfile({ gpu: 'H100', model, tp: tp === 0 ? 1 : tp });
        expect(ENGINE_PROFILES).toContain(profile);
        expect(profile.gpu).toBe('h100');
        const isKnown = ENGINE_PROFILES.some((p) => p.model.toLowerCase() === model.toLowerCase());
        if (!isKnown) expect(differences[0]).toContain(`model ${model}`);
      }),
    );
  });

  it('names the GPUs there are', () => {
    expect(() => nearestProfile({ gpu: 'abacus', model: 'm' })).toThrow(/"abacus".*a100, h100, h200, b200/);
  });
});

describe('parametersOf', () => {
  it.each([
    ['Qwen/Qwen3-0.6B', 0.6e9],
    ['meta-llama/Llama-3.1-70B-Instruct', 70e9],
    ['Mixtral-8x7B-v0.1', 56e9],
    ['qwen2.5-7b', 7e9],
    ['deepseek-ai/deepseek-v3', undefined],
    ['7B/model', undefined],
    ['model-3bit', undefined],
    ['0B', undefined],
  ])('%s: %s', (model, expected) => {
    expect(parametersOf(model)).toBe(expected);
  });
});
