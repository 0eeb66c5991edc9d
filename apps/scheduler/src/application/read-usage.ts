import { z } from 'zod';
import type { Observed } from './relay.js';

const count = z.number().int().nonnegative();
const withUsage = z.object({
  usage: z.object({
    prompt_tokens: count.optional(),
    completion_tokens: count.optional(),
    prompt_tokens_details: z.object({ cached_tokens: count.nullish() }).nullish(),
  }),
});

export interface Usage {
  readonly promptTokens?: number;
  readonly outputTokens?: number;
  readonly cachedTokens?: number;
}

/**
 * Token counts from the end of an answer: the last event of a stream with `include_usage`, or the `usage`
 * member of a plain answer. A stream without usage counts its events: one token each, the closing ones not.
 */
export function readUsage(observed: Observed): Usage {
  const tail = observed.tail.toString('utf8');
  const usage = observed.events > 0 ? usageOfEvents(tail) : usageOfJson(tail);
  if (usage) return usage;
  return observed.events > 0 ? { outputTokens: Math.max(0, observed.events - 2) } : {};
}

function usageOfEvents(tail: string): Usage | undefined {
  const lines = tail.split('\n').filter((line) => line.startsWith('data: {') && line.includes('"usage"'));
  const last = lines.at(-1);
  return last ? parse(last.slice(6)) : undefined;
}

/** The answer may be longer than its tail: reads from the last `"usage"` on. */
function usageOfJson(tail: string): Usage | undefined {
  const at = tail.lastIndexOf('"usage"');
  if (at < 0) return undefined;
  const end = balancedEnd(tail, tail.indexOf('{', at));
  return end < 0 ? undefined : parse(`{${tail.slice(at, end)}}`);
}

function balancedEnd(text: string, open: number): number {
  if (open < 0) return -1;
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === '{') depth++;
    else if (text[i] === '}' && --depth === 0) return i + 1;
  }
  return -1;
}

function parse(json: string): Usage | undefined {
  try {
    const { usage } = withUsage.parse(JSON.parse(json));
    const cached = usage.prompt_tokens_details?.cached_tokens;
    return {
      ...(usage.prompt_tokens === undefined ? {} : { promptTokens: usage.prompt_tokens }),
      ...(usage.completion_tokens === undefined ? {} : { outputTokens: usage.completion_tokens }),
      ...(typeof cached === 'number' ? { cachedTokens: cached } : {}),
    };
  } catch {
    return undefined;
  }
}
