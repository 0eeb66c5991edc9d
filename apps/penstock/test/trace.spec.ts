import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { TokenPrompts } from '../src/replay/token-prompts.js';
import { readTrace } from '../src/replay/trace.js';

const folder = mkdtempSync(join(tmpdir(), 'penstock-trace-'));
const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

describe('readTrace', () => {
  it('reads Mooncake lines and starts the clock at the first request', async () => {
    const path = file(
      'm.jsonl',
      '{"timestamp": 500, "input_length": 600, "output_length": 5, "hash_ids": [7, 8]}\n\n{"timestamp": 750, "input_length": 512, "output_length": 1, "hash_ids": [7]}\n',
    );
    expect(await readTrace(path)).toEqual([
      { timestampMs: 0, inputLength: 600, outputLength: 5, hashIds: [7, 8] },
      { timestampMs: 250, inputLength: 512, outputLength: 1, hashIds: [7] },
    ]);
    expect(await readTrace(path, 1)).toHaveLength(1);
  });

  it('reads Azure rows', async () => {
    const path = file(
      'a.csv',
      'TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.9951690,396,109\n',
    );
    expect(await readTrace(path)).toEqual([
      { timestampMs: 0, inputLength: 374, outputLength: 44 },
      { timestampMs: 4315, inputLength: 396, outputLength: 109 },
    ]);
  });

  it.each([
    ['not JSON', '{"timestamp": 1,\n', /bad\.txt:1: /],
    ['a missing column', '{"timestamp": 1, "input_length": 5, "hash_ids": [1]}\n', /:1: output_length/],
    [
      'too few hash ids',
      '{"timestamp": 1, "input_length": 513, "output_length": 1, "hash_ids": [1]}\n',
      /1 hash_ids for 513 tokens; 2 are needed/,
    ],
    [
      'a negative length',
      '{"timestamp": 1, "input_length": -5, "output_length": 1, "hash_ids": [1]}\n',
      /:1: input_length/,
    ],
    ['another CSV', 'a,b\n1,2\n', /:2: TIMESTAMP/],
    ['a bad time', 'TIMESTAMP,ContextTokens,GeneratedTokens\nyesterday,1,1\n', /"yesterday" is not a time/],
    [
      'a text that is neither',
      '# title\n\nsome prose, with commas, and more\n',
      /bad\.txt: neither Mooncake JSON lines nor an Azure CSV: /,
    ],
    ['nothing', '', /the trace is empty/],
  ])('refuses %s, naming the line', async (_, text, message) => {
    await expect(readTrace(file('bad.txt', text))).rejects.toThrow(message);
  });

  it('names a file that is not there', async () => {
    await expect(readTrace(join(folder, 'none'))).rejects.toThrow(/cannot read the trace .*none/);
  });
});

describe('TokenPrompts', () => {
  const prompts = new TokenPrompts(4000);
  const write = (inputLength: number, hashIds: number[] | undefined, ordinal = 0): number[] =>
    JSON.parse(prompts.write({ timestampMs: 0, inputLength, outputLength: 1, hashIds }, ordinal));

  it('gives exactly the tokens asked for, all inside the vocabulary', () => {
    const tokens = write(1300, [1, 2, 3]);
    expect(tokens).toHaveLength(1300);
    expect(Math.min(...tokens)).toBeGreaterThanOrEqual(300);
    expect(Math.max(...tokens)).toBeLessThan(4000);
  });

  it('shares exactly the prefix that the ids share', () => {
    const a = write(1536, [1, 2, 3]);
    const b = write(1536, [1, 2, 4]);
    expect(b.slice(0, 1024)).toEqual(a.slice(0, 1024));
    expect(b.slice(1024)).not.toEqual(a.slice(1024));
  });

  it('shares nothing without ids', () => {
    expect(write(512, undefined, 1)).not.toEqual(write(512, undefined, 2));
  });
});
