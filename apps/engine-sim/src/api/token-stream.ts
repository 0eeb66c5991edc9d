import type { ServerResponse } from 'node:http';
import type { Generation, GenerationListener } from '../engine/generation.js';
import { ApiError } from './api-error.js';
import { type ChunkFormat, usageOf } from './chunk-format.js';

export interface TokenStreamOptions {
  readonly includeUsage: boolean;
  /** Cuts the connection after the first token (failure injection). */
  readonly cut: boolean;
}

/**
 * Streams an answer as server-sent events, one per token, in one write per tick. A client that reads too slowly
 * holds nothing but its connection: what it has not taken is written when it does.
 */
export class TokenStream implements GenerationListener {
  private sent = 0;
  private available = 0;
  private finished = false;

  constructor(
    private readonly response: ServerResponse,
    private readonly generation: Generation,
    private readonly format: ChunkFormat,
    private readonly options: TokenStreamOptions,
  ) {
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
    });
    // As vLLM does: the status comes when the request is accepted, not with the first token.
    response.flushHeaders();
    response.on('drain', () => this.write());
  }

  tokens(_from: number, to: number, finished: boolean): void {
    this.available = to;
    this.finished = finished;
    this.write();
    if (this.options.cut) this.response.destroy();
  }

  failed(reason: string): void {
    if (this.response.writableEnded) return;
    this.response.end(`data: ${new ApiError(503, reason).toJson()}\n\ndata: [DONE]\n\n`);
  }

  private write(): void {
    const { response, generation, format } = this;
    if (response.writableNeedDrain || response.writableEnded || this.sent === this.available) return;
    const { plan } = generation;
    let text = this.sent === 0 ? format.head : '';
    const last = this.finished ? this.available - 1 : this.available;
    for (let i = this.sent; i < last; i++) text += format.prefix + plan.textOf(i) + format.suffix;
    this.sent = this.available;
    if (!this.finished) {
      response.write(text);
      return;
    }
    text += format.prefix + plan.textOf(last) + format.lastSuffix(plan.finishReason, plan.stopReason);
    if (this.options.includeUsage) text += format.usageEvent(usageOf(generation));
    response.end(`${text}data: [DONE]\n\n`);
  }
}
