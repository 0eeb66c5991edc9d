import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BlockHasher } from '@penstock/engine';
import { ZodError, z } from 'zod';
import { BlockChain } from '../engine/block-chain.js';
import type { Failures } from '../engine/failures.js';
import type { PublishedCache } from '../engine/published-cache.js';
import type { SimulatedEngine } from '../engine/simulated-engine.js';
import type { FailurePlan } from '../options/failure-plan.js';
import type { FileStorage } from '../storage/file-storage.js';
import { ApiError } from './api-error.js';
import { check, tokenIds } from './completion-request.js';
import { readJson } from './read-json.js';
import { sendJson } from './send.js';

const chunksBody = z.looseObject({ prompt: z.array(z.unknown()), cache_salt: z.string().optional() });

/** The /debug endpoints: what cache and storage hold, and failures on purpose. */
export class DebugApi {
  constructor(
    private readonly engine: SimulatedEngine,
    private readonly cache: PublishedCache,
    private readonly failures: Failures,
    private readonly storage: FileStorage | undefined,
    private readonly hasher: BlockHasher,
    private readonly lastSequence: () => number | null,
    private readonly crash: () => void,
  ) {}

  /**
   * GET /debug/cache: `blocks` is what the cache holds. While a step is in flight (`stepInFlight`) that is the
   * cache as published up to `lastSequence`; otherwise it is read from the engine model itself.
   */
  dumpCache(response: ServerResponse): void {
    const contents = this.engine.cachedContents();
    const blocks = contents
      ? contents.map(({ content }) => this.cache.describe(content))
      : this.cache.blocks();
    const dump = { lastSequence: this.lastSequence(), stepInFlight: contents === undefined, blocks };
    sendJson(response, 200, JSON.stringify(dump));
  }

  /**
   * POST /debug/chunks with `{"prompt": [token ids], "cache_salt"?}`: the file of every whole chunk of the prompt, and
   * the number of the tier that has it now.
   */
  async showChunks(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.storage) {
      throw new ApiError(404, 'This engine stores no chunks: see --kv-transfer-config in the README');
    }
    const body = check(chunksBody, await readJson(request));
    const tokens = tokenIds(body.prompt, 'prompt');
    const blocks = Math.floor(tokens.length / this.hasher.blockSize);
    const chain = new BlockChain(this.hasher, { cacheSalt: body.cache_salt }, tokens, blocks);
    sendJson(response, 200, JSON.stringify({ chunks: this.storage.describe(chain, blocks) }));
  }

  /** GET /debug/failures. */
  showFailures(response: ServerResponse): void {
    sendJson(response, 200, JSON.stringify(this.failures.plan));
  }

  /** POST /debug/failures: replaces the plan; `{}` ends all failures. */
  async setFailures(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const plan = this.parse(await readJson(request));
    this.engine.hang(plan.hang !== 'no');
    if (plan.crash) this.crash();
    sendJson(response, 200, JSON.stringify(plan));
  }

  private parse(body: Record<string, unknown>): FailurePlan {
    try {
      return this.failures.set(body);
    } catch (error) {
      if (!(error instanceof ZodError)) throw error;
      const issue = error.issues[0]!;
      throw new ApiError(
        400,
        `${issue.path.join('.') || 'body'}: ${issue.message}`,
        issue.path.join('.') || null,
      );
    }
  }
}

/** Whether a request comes from this machine. */
export function isLoopback(request: IncomingMessage): boolean {
  const address = request.socket.remoteAddress ?? '';
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
}
