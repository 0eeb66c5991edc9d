import { Agent, request } from 'undici';
import { z } from 'zod';

const usageEvent = z.object({
  usage: z.object({
    prompt_tokens: z.number(),
    completion_tokens: z.number(),
    prompt_tokens_details: z.object({ cached_tokens: z.number().optional() }).nullish(),
  }),
});

/** What became of one request. Times are wall milliseconds. */
export interface CompletionOutcome {
  /** Why it failed, in one line; absent when it succeeded. */
  readonly failure?: string;
  readonly startedAtMs: number;
  readonly ttftMs?: number;
  readonly endedAtMs: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  /** Engine that answered, as the front door says. */
  readonly endpoint: string;
  /** Connections that failed before any answer and were tried again. */
  readonly retries: number;
}

const MAX_RETRIES = 5;
const EVENT_END = Buffer.from('\n\n');
/** Enough of the stream's end to hold the usage event and [DONE]. */
const TAIL_BYTES = 4096;
const CONNECTION_LOST = /ECONNREFUSED|ECONNRESET|EPIPE|UND_ERR_SOCKET|other side closed/;

/** Streams completions from the front door and times them. One per run; `close` when done. */
export class CompletionClient {
  private readonly agent = new Agent({
    connections: null,
    keepAliveTimeout: 4000,
    headersTimeout: 0,
    bodyTimeout: 0,
  });

  constructor(
    private readonly url: string,
    private readonly onGap: (gapMs: number, tokens: number) => void,
    private readonly timeoutMs: number,
  ) {}

  /**
   * Sends one streaming completion and waits for its end. A connection that breaks before the answer's first byte is
   * tried again, as any HTTP client does: the request was not accepted.
   */
  async send(body: string, requestId: string): Promise<CompletionOutcome> {
    const startedAtMs = performance.now();
    for (let retries = 0; ; retries++) {
      try {
        return await this.attempt(body, requestId, startedAtMs, retries);
      } catch (error) {
        const { message, code } = error as Error & { code?: string };
        const lost = CONNECTION_LOST.test(`${code} ${message}`) && !(error instanceof MidStreamError);
        if (lost && retries < MAX_RETRIES) {
          await new Promise((resolve) => setTimeout(resolve, 20 * 2 ** retries));
          continue;
        }
        return { ...failed(`${code ?? ''} ${message}`.trim(), retries), startedAtMs };
      }
    }
  }

  /** Drops what is still open. */
  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async attempt(
    body: string,
    requestId: string,
    startedAtMs: number,
    retries: number,
  ): Promise<CompletionOutcome> {
    const response = await request(this.url, {
      dispatcher: this.agent,
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': requestId },
      body,
      signal: AbortSignal.timeout(this.timeoutMs),
    });
    const endpoint = String(response.headers['x-penstock-endpoint'] ?? '');
    if (response.statusCode !== 200) {
      const text = await response.body.text();
      return {
        ...failed(`HTTP ${response.statusCode}: ${text.slice(0, 300)}`, retries),
        startedAtMs,
        endpoint,
      };
    }
    let firstMs: number | undefined;
    let lastMs = 0;
    let tail: Buffer = Buffer.alloc(0);
    try {
      for await (const chunk of response.body as AsyncIterable<Buffer>) {
        const nowMs = performance.now();
        const events = countEvents(chunk);
        if (firstMs === undefined) firstMs = nowMs;
        else if (events > 0) this.onGap((nowMs - lastMs) / events, events);
        lastMs = nowMs;
        tail =
          chunk.length >= TAIL_BYTES
            ? chunk.subarray(-TAIL_BYTES)
            : Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES);
      }
    } catch (error) {
      throw new MidStreamError(`stream broke: ${(error as Error).message}`);
    }
    return {
      ...readEnd(tail, retries),
      startedAtMs,
      ttftMs: firstMs === undefined ? undefined : firstMs - startedAtMs,
      endpoint,
    };
  }
}

class MidStreamError extends Error {}

type Ended = Omit<CompletionOutcome, 'startedAtMs'>;

function failed(failure: string, retries: number): Ended {
  return {
    failure,
    endedAtMs: performance.now(),
    promptTokens: 0,
    cachedTokens: 0,
    outputTokens: 0,
    endpoint: '',
    retries,
  };
}

function countEvents(chunk: Buffer): number {
  let events = 0;
  for (let at = chunk.indexOf(EVENT_END); at !== -1; at = chunk.indexOf(EVENT_END, at + 2)) events += 1;
  return events;
}

/** Reads usage, or the error that the stream ended with, from its last events. */
function readEnd(tail: Buffer, retries: number): Ended {
  const lines = tail.toString('utf8').split('\n');
  if (!lines.some((line) => line.trim() === 'data: [DONE]'))
    return failed(`stream ended without [DONE]: ${lines.at(-1)?.slice(0, 200)}`, retries);
  for (const line of lines.reverse()) {
    if (!line.startsWith('data: {')) continue;
    const event: unknown = JSON.parse(line.slice(6));
    if (typeof event === 'object' && event !== null && 'error' in event)
      return failed(JSON.stringify(event).slice(0, 300), retries);
    const parsed = usageEvent.safeParse(event);
    if (!parsed.success) break;
    const { usage } = parsed.data;
    return {
      endedAtMs: performance.now(),
      promptTokens: usage.prompt_tokens,
      cachedTokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
      outputTokens: usage.completion_tokens,
      endpoint: '',
      retries,
    };
  }
  return failed('stream ended without usage', retries);
}
