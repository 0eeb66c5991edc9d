import { describe, expect, it } from '@jest/globals';
import type { schedulerV1 } from '@penstock/contracts';
import fc from 'fast-check';
import { explanationOf } from '../src/explain/explanation.js';
import { printExplanation } from '../src/explain/print-explanation.js';

const decision = {
  requestId: 'r-1',
  time: '2026-01-02T03:04:05.000Z',
  poolNamespace: 'ns',
  pool: 'chat',
  model: 'alias',
  targetModel: 'base',
  policy: '3-2-2',
  endpoint: '10.0.0.2:8000',
  engine: 'ns/pod-2',
  node: 'node-1',
  matchedByTier: { gpu: 600, cpu: 200 },
  promptTokens: 1200,
  matchedTokens: 800,
  leading: [
    { endpoint: '10.0.0.2:8000', total: 5, scores: { prefix: 0.66, queue: 1 }, matchedTokens: 800 },
    { endpoint: '10.0.0.1:8000', total: 3.5, scores: { prefix: 0.1, queue: 1 }, matchedTokens: 100 },
  ],
  excluded: { draining: 2 },
  metricsAgeMs: 120,
  kvAgeMs: 4_294_967_295,
  reason: 'highest score',
  scheduler: 'scheduler-1',
  waitedMs: 1500,
  prefixSource: 'exact',
  loads: [],
} satisfies schedulerV1.Decision;
const nowMs = Date.parse('2026-01-02T03:04:10.000Z');

describe('explanation', () => {
  it('names margin, ties, what was left out and data that was not there', () => {
    expect(explanationOf(decision)).toMatchObject({
      outcome: 'routed',
      pool: 'ns/chat',
      endpoint: '10.0.0.2:8000',
      margin: 1.5,
      ties: 1,
      loadAgeMs: 120,
      kvAgeMs: null,
      excluded: { draining: 2 },
      engine: 'ns/pod-2',
      node: 'node-1',
      matchedByTier: { gpu: 600, cpu: 200 },
      candidates: [{ chosen: true }, { chosen: false }],
    });
  });

  it('of a rejected request has no engine, and of a short record no candidates', () => {
    const rejected = explanationOf({
      ...decision,
      endpoint: '',
      pool: '',
      leading: [],
      prefixSource: '',
      engine: '',
      matchedByTier: {},
    });
    expect(rejected).toMatchObject({
      outcome: 'rejected',
      endpoint: null,
      pool: null,
      margin: null,
      prefixSource: null,
    });
    expect(printExplanation(rejected, nowMs, 200)).toContain('no candidates on record');
  });

  it('reads well', () => {
    const text = printExplanation(explanationOf(decision), nowMs, Number.POSITIVE_INFINITY);
    expect(text.split('\n')).toEqual([
      'request   r-1',
      'decided   2026-01-02T03:04:05.000Z, 5.0 s ago, by scheduler-1',
      'model     alias, sent as base',
      'pool      ns/chat, policy 3-2-2',
      'engine    10.0.0.2:8000, ns/pod-2 on node-1',
      'why       highest score',
      'waited    1.5 s for an engine',
      'prompt    1,200 tokens, 800 known to be held (exact, gpu 600, cpu 200)',
      'margin    1.500 above the next candidate',
      "data      load figures 120 ms old, view of the engine's cache not there",
      'left out  2 draining',
      '',
      '   CANDIDATE      TOTAL  PREFIX  QUEUE  WEIGHED TOKENS',
      '→  10.0.0.2:8000  5.000   0.660  1.000             800',
      '   10.0.0.1:8000  3.500   0.100  1.000             100',
    ]);
  });

  it('fits any terminal', () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 120 }), (width) => {
        for (const line of printExplanation(explanationOf(decision), nowMs, width).split('\n'))
          expect(line.length).toBeLessThanOrEqual(width);
      }),
    );
  });
});
