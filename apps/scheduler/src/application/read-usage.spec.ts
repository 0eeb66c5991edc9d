import { describe, expect, it } from '@jest/globals';
import { readUsage } from './read-usage.js';
import type { Observed } from './relay.js';

const seen = (tail: string, events = 0): Observed => ({
  bytes: tail.length,
  events,
  tail: Buffer.from(tail),
});
const usage =
  '{"prompt_tokens":9,"total_tokens":14,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":4}}';
const expected = { promptTokens: 9, outputTokens: 5, cachedTokens: 4 };

describe('readUsage', () => {
  it('reads the usage event of a stream', () => {
    const stream = `data: {"choices":[{"text":" a"}],"usage":null}\n\ndata: {"choices":[],"usage":${usage}}\n\ndata: [DONE]\n\n`;
    expect(readUsage(seen(stream, 3))).toEqual(expected);
  });

  it('counts events of a stream without usage, the closing ones not', () => {
    const stream =
      'data: {"choices":[{"text":" a"}]}\n\ndata: {"choices":[{"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';
    expect(readUsage(seen(stream, 3))).toEqual({ outputTokens: 1 });
    expect(readUsage(seen('data: {"x":1}\n\n', 1))).toEqual({ outputTokens: 0 });
  });

  it('reads usage of a plain answer of which only the end is there', () => {
    expect(readUsage(seen(`lorem"}],"usage":${usage},"kv_transfer_params":null}`))).toEqual(expected);
    expect(readUsage(seen(`"usage": ${usage}}`))).toEqual(expected);
  });

  it.each([
    '',
    'x',
    '"usage":',
    '"usage":{',
    '"usage":{"completion_tokens":-1}}',
    '"usage":{"completion_tokens":"5"}}',
    '"usage":[1]',
  ])('has nothing to say of %j', (tail) => {
    expect(readUsage(seen(tail))).toEqual({});
  });

  it('is not fooled by text of the answer that looks like usage', () => {
    const answer = `{"choices":[{"text":"say \\"usage\\":{} please"}],"usage":${usage}}`;
    expect(readUsage(seen(answer))).toEqual(expected);
  });
});
