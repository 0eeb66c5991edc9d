import { Agent, request } from 'undici';
import { z } from 'zod';
import type { CacheReport, CacheReports } from '../application/verify-engine.js';

const dump = z.object({
  lastSequence: z.number().int().nullable(),
  blocks: z.array(z.object({ hash: z.string().regex(/^(?:[0-9a-f]{2}){8,32}$/) })),
});

/** 32 digits of hash and the rest of an entry: about a million blocks. */
const MAX_BYTES = 64 * 1024 * 1024;
const TIMEOUT_MS = 10_000;

/** Reads `GET /debug/cache`, with which simulated engines tell their cache. vLLM and SGLang have no such report. */
export class HttpCacheReports implements CacheReports {
  private readonly agent = new Agent({ connections: 4, maxResponseSize: MAX_BYTES });

  async read(address: string, signal: AbortSignal): Promise<CacheReport | { unsupported: string }> {
    const where = `http://${address}/debug/cache`;
    let text: string;
    try {
      const { statusCode, body } = await request(where, {
        dispatcher: this.agent,
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      text = await body.text();
      if (statusCode !== 200)
        return { unsupported: `the engine reports no cache: ${where} answers ${statusCode}` };
    } catch (error) {
      if (signal.aborted) throw error;
      return { unsupported: `the engine's report cannot be read: ${where}: ${String(error).slice(0, 200)}` };
    }
    const parsed = dump.safeParse(parseJson(text));
    if (!parsed.success)
      return { unsupported: `${where} does not answer with {lastSequence, blocks: [{hash}]}` };
    const { lastSequence, blocks } = parsed.data;
    const hashes = new Set(blocks.map(({ hash }) => BigInt(`0x${hash.slice(-16)}`)));
    return { lastSequence: lastSequence ?? -1, hashes };
  }

  close(): Promise<void> {
    return this.agent.close();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
