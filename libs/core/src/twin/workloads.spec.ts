import { describe, expect, it } from '@jest/globals';
import {
  generateSessions,
  LADDER,
  sharedPrefixWorkload,
  TRACE_BLOCK_TOKENS,
  traceWorkload,
  unsharedWorkload,
} from './index.js';

describe('sharedPrefixWorkload', () => {
  const w = sharedPrefixWorkload({ seed: 1 });
  const prompts = new Set(w.stages.flatMap((s) => s.arrivals.map((a) => a.prompt)));

  it('has 750 prompts of 7,200 tokens, five for each of 150 prefixes of 6,000', () => {
    expect(prompts.size).toBe(750);
    const groups = new Map<number, number>();
    for (const { tokens, blocks } of prompts) {
      expect([tokens, blocks.length]).toEqual([7200, 450]);
      const first = blocks[0]!;
      expect(blocks[374]).toBe(first + 374);
      groups.set(first, (groups.get(first) ?? 0) + 1);
    }
    expect([...groups.values()]).toEqual(new Array<number>(150).fill(5));
    // 1.8 M distinct tokens: 73 % of eight pools.
    expect(w.contentCount * 16).toBe(1_800_000);
    const own = [...prompts].flatMap((p) => [...p.blocks.subarray(375)]);
    expect(new Set(own).size).toBe(750 * 75);
  });

  it('follows the ladder', () => {
    expect(w.stages).toHaveLength(17);
    w.stages.forEach((stage, i) => {
      const { perSecond, seconds } = LADDER[i]!;
      const expected = perSecond * seconds;
      expect(Math.abs(stage.arrivals.length - expected)).toBeLessThan(5 * Math.sqrt(expected));
      const times = stage.arrivals.map((a) => a.atMs);
      expect(times).toEqual([...times].sort((a, b) => a - b));
    });
  });

  it('depends on the seed and on nothing else', () => {
    const small = (seed: number) =>
      sharedPrefixWorkload({ seed, groups: 3, rungs: [{ perSecond: 9, seconds: 3 }] });
    expect(small(1)).toEqual(small(1));
    expect(small(2)).not.toEqual(small(1));
  });
});

describe('unsharedWorkload', () => {
  it('repeats nothing', () => {
    const w = unsharedWorkload({ seed: 1, rungs: [{ perSecond: 10, seconds: 5 }] });
    const contents = w.stages.flatMap((s) => s.arrivals.flatMap((a) => [...a.prompt.blocks]));
    expect(contents.length).toBeGreaterThan(0);
    expect(new Set(contents).size).toBe(contents.length);
    expect(w.contentCount).toBe(contents.length);
  });
});

describe('traceWorkload', () => {
  it('turns every hash id into 32 blocks of 16 tokens and scales time', () => {
    const trace = [
      { timestampMs: 500, inputLength: 1024, outputLength: 0, hashIds: [70, 9] },
      { timestampMs: 900, inputLength: 600, outputLength: 5, hashIds: [70, 8] },
    ];
    const w = traceWorkload(trace, { rate: 2 });
    const [first, second] = w.stages[0]!.arrivals;
    expect(first!.prompt.blocks).toEqual(Int32Array.from({ length: 64 }, (_, i) => i));
    expect(second!.prompt.blocks).toEqual(Int32Array.from({ length: 37 }, (_, i) => (i < 32 ? i : i + 32)));
    expect([first!.atMs, second!.atMs]).toEqual([0, 200]);
    expect(first!.outputTokens).toBe(1);
    expect(w.contentCount).toBe(96);
  });

  it('shares nothing without hash ids', () => {
    const row = { timestampMs: 0, inputLength: 700, outputLength: 1 };
    const w = traceWorkload([row, row]);
    const contents = w.stages[0]!.arrivals.flatMap((a) => [...a.prompt.blocks]);
    expect(contents).toHaveLength(2 * 43);
    expect(new Set(contents).size).toBe(contents.length);
    expect(Math.max(...contents)).toBeLessThan(w.contentCount);
  });

  it('refuses a trace whose hash ids do not cover the prompt', () => {
    const row = { timestampMs: 0, inputLength: 2000, outputLength: 5, hashIds: [1] };
    expect(() => traceWorkload([row])).toThrow(/request 0 has 2000 tokens but only 1 hash ids/);
    expect(() => traceWorkload([], { blockSize: 48 })).toThrow(/must divide 512/);
  });
});

describe('generateSessions', () => {
  const trace = generateSessions({ seed: 5, requests: 2000 });

  it('is sorted, complete and repeatable', () => {
    expect(trace).toHaveLength(2000);
    const small = (seed: number) => generateSessions({ seed, requests: 100 });
    expect(small(5)).toEqual(small(5));
    expect(small(6)).not.toEqual(small(5));
    const times = trace.map((r) => r.timestampMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const wrong = trace.filter(
      (r) => r.hashIds.length !== Math.ceil(r.inputLength / TRACE_BLOCK_TOKENS) || r.outputLength < 1,
    );
    expect(wrong).toEqual([]);
  });

  it('keeps about the rate asked for', () => {
    const seconds = trace.at(-1)!.timestampMs / 1000;
    expect(2000 / seconds).toBeGreaterThan(2);
    expect(2000 / seconds).toBeLessThan(8);
  });

  it('names prefixes: an id has one position and one predecessor, and many requests share them', () => {
    const before = new Map<number, string>();
    let repeated = 0;
    let total = 0;
    for (const { hashIds } of trace) {
      hashIds.forEach((id, i) => {
        total++;
        const place = `${i}/${hashIds[i - 1] ?? 'start'}`;
        if (before.has(id)) repeated++;
        if ((before.get(id) ?? place) !== place)
          throw new Error(`id ${id} is at ${place} and ${before.get(id)}`);
        before.set(id, place);
      });
    }
    expect(repeated / total).toBeGreaterThan(0.4);
    expect(Math.max(...before.keys())).toBe(before.size - 1);
  });
});
