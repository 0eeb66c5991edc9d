import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { OutputPlan, type OutputRequest } from './output-plan.js';

const vocabulary = {
  ids: Uint32Array.from({ length: 26 }, (_, i) => 100 + i),
  texts: Array.from({ length: 26 }, (_, i) => ` ${String.fromCharCode(97 + i).repeat(3)}`),
};
const plan = (request: Partial<OutputRequest> = {}, seed = 7) =>
  new OutputPlan(vocabulary, seed, {
    promptTokens: Uint32Array.of(1, 2, 3),
    maxTokens: 100,
    minTokens: 0,
    ignoreEos: true,
    stop: [],
    includeStop: false,
    seed: 0,
    ...request,
  });

describe('OutputPlan', () => {
  it('generates exactly maxTokens when the end is ignored', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000 }), fc.nat(), (maxTokens, seed) => {
        const answer = plan({ maxTokens, seed });
        expect(answer.tokens).toBe(maxTokens);
        expect(answer.finishReason).toBe('length');
      }),
      { numRuns: 30 },
    );
  });

  it('otherwise ends by itself, between minTokens and maxTokens, and says which it was', () => {
    const reasons = new Set<string>();
    fc.assert(
      fc.property(fc.integer({ min: 50, max: 300 }), fc.nat(50), fc.nat(), (maxTokens, minTokens, seed) => {
        const answer = plan({ maxTokens, minTokens, ignoreEos: false, seed });
        expect(answer.tokens).toBeGreaterThanOrEqual(Math.max(1, minTokens));
        expect(answer.tokens).toBeLessThanOrEqual(maxTokens);
        expect(answer.finishReason).toBe(answer.tokens < maxTokens ? 'stop' : 'length');
        reasons.add(answer.finishReason);
      }),
      { numRuns: 200, seed: 1 },
    );
    expect(reasons).toEqual(new Set(['stop', 'length']));
  });

  it('is the same for the same seeds and prompt, and differs with each of them', () => {
    const text = plan().text();
    expect(plan().text()).toBe(text);
    expect(plan({}, 8).text()).not.toBe(text);
    expect(plan({ seed: 1 }).text()).not.toBe(text);
    expect(plan({ promptTokens: Uint32Array.of(1, 2, 4) }).text()).not.toBe(text);
  });

  it('stops at a stop string anywhere in the text, exactly', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 0, max: 380 }),
        fc.integer({ min: 1, max: 12 }),
        fc.boolean(),
        (seed, at, length, includeStop) => {
          const whole = plan({ seed }).text();
          const stop = whole.slice(at, at + length);
          const answer = plan({ seed, stop: ['never there', stop], includeStop });
          const first = whole.indexOf(stop);
          expect(answer.text()).toBe(whole.slice(0, includeStop ? first + stop.length : first));
          expect(answer.tokens).toBe(Math.ceil((first + stop.length) / 4));
          expect(answer.finishReason).toBe('stop');
          expect(answer.stopReason).toBe(stop);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('does not look for stop strings before minTokens', () => {
    const texts = plan().text();
    const answer = plan({ stop: [' '], minTokens: 10 });
    expect(answer.tokens).toBe(11);
    expect(answer.text()).toBe(texts.slice(0, 40));
  });
});
