import type { ServerResponse } from 'node:http';
import type { Generation, GenerationListener } from '../engine/generation.js';
import { ApiError } from './api-error.js';
import { type ChunkFormat, usageOf } from './chunk-format.js';
import { sendError, sendJson } from './send.js';

/** Answers once the last token is there. */
export class WholeAnswer implements GenerationListener {
  constructor(
    private readonly response: ServerResponse,
    private readonly generation: Generation,
    private readonly format: ChunkFormat,
  ) {}

  tokens(_from: number, _to: number, finished: boolean): void {
    if (!finished) return;
    const { plan } = this.generation;
    sendJson(
      this.response,
      200,
      this.format.answer(plan.text(), plan.finishReason, plan.stopReason, usageOf(this.generation)),
    );
  }

  failed(reason: string): void {
    sendError(this.response, new ApiError(503, reason));
  }
}
