import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { CompletionAnswer } from '../../application/complete-request.js';
import type { DecisionRecord } from '../../application/decision-record.js';
import { clientHeaders } from './forward-headers.js';
import { OpenAiError } from './openai-error.js';

/** Writes an engine's answer to the client's socket. Nothing is sent before `start`. */
export class HttpAnswer implements CompletionAnswer {
  private record: DecisionRecord | undefined;

  constructor(
    private readonly reply: FastifyReply,
    private readonly requestId: string,
    private readonly decisionHeaders: boolean,
  ) {}

  decided(record: DecisionRecord): void {
    this.record = record;
  }

  start(status: number, headers: IncomingHttpHeaders): void {
    this.reply.hijack();
    const own: Record<string, string> = { 'x-request-id': this.requestId };
    if (this.decisionHeaders && this.record) {
      own['x-penstock-endpoint'] = this.record.endpoint;
      own['x-penstock-policy'] = this.record.policy;
    }
    this.reply.raw.writeHead(status, { ...clientHeaders(headers), ...own });
  }

  write(chunk: Buffer): boolean {
    return this.reply.raw.write(chunk);
  }

  onDrain(resume: () => void): void {
    this.reply.raw.once('drain', resume);
  }

  end(): void {
    this.reply.raw.end();
  }

  breakOff(eventStream: boolean): void {
    if (!eventStream) {
      // A truncated answer must not look complete.
      this.reply.raw.destroy();
      return;
    }
    const error = new OpenAiError('engine_lost', 'the engine went away in the middle of the answer');
    this.reply.raw.end(`data: ${error.body()}\n\ndata: [DONE]\n\n`);
  }
}
