import type { ServerDuplexStream } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall } from '@nestjs/microservices';
import type { kvindexV1 } from '@penstock/contracts';
import { grpcStatusOf, HEALTH, type HealthChecks, parseRequest } from '@penstock/platform';
import { lookupBlocks } from '../../application/lookup-blocks.js';
import type { IndexParts } from '../../assemble-index.js';
import { PARTS } from '../../injection-tokens.js';
import { bytesOf, TIER_NAMES } from './messages.js';
import { drained } from './paced.js';
import { promptRequest, streamedRequest } from './requests.js';
import { ScoreAnswers } from './score-answers.js';

const SERVICE = 'KvIndexService';
type ScoreStream = ServerDuplexStream<unknown, kvindexV1.ScoreEndpointsStreamResponse>;

/** Lookups of `penstock.kvindex.v1`: they read memory only, whatever else is away. */
@Controller()
export class KvIndexController {
  private readonly streams = new Set<ScoreStream>();

  constructor(
    @Inject(PARTS) private readonly parts: IndexParts,
    @Inject(ScoreAnswers) private readonly scores: ScoreAnswers,
    @Inject(HEALTH) health: HealthChecks,
  ) {
    // The listener closes when every call has ended, and streams end only when their callers want.
    health.onDraining(() => {
      for (const stream of this.streams) stream.end();
    });
  }

  @GrpcMethod(SERVICE, 'ScoreEndpoints')
  scoreEndpoints(request: unknown): kvindexV1.ScoreEndpointsResponse {
    return this.scores.answer('ScoreEndpoints', request);
  }

  /** A request is read when the answer before it was taken: who does not read answers is not read from. */
  @GrpcStreamCall(SERVICE, 'ScoreEndpointsStream')
  async scoreEndpointsStream(stream: ScoreStream): Promise<void> {
    this.streams.add(stream);
    try {
      for await (const message of stream) {
        if (stream.writableEnded) return;
        if (!stream.write(this.streamedAnswer(message))) await drained(stream);
      }
    } catch (error) {
      // A caller that went away is no failure.
      if (!stream.cancelled && !stream.destroyed) stream.emit('error', grpcStatusOf(error));
    } finally {
      this.streams.delete(stream);
      stream.end();
    }
  }

  @GrpcMethod(SERVICE, 'Lookup')
  lookup(request: unknown): Promise<kvindexV1.LookupResponse> {
    const { index, engines, metrics } = this.parts;
    return metrics.timeAnswer('Lookup', async () => {
      const { prompt, ...filter } = parseRequest(promptRequest, request);
      const { blocks, blockSize } = await lookupBlocks(index, engines.engines(), filter, prompt);
      const named = blocks.map(({ key, holders }) => ({
        key: bytesOf(BigUint64Array.of(key)),
        holders: holders.map(({ engineId, tier }) => ({ engineId, tier: TIER_NAMES[tier] })),
      }));
      return { blocks: named, blockSize };
    });
  }

  private streamedAnswer(message: unknown): kvindexV1.ScoreEndpointsStreamResponse {
    // Echoed also when the rest is not usable.
    const requestId = String((message as { requestId?: unknown }).requestId ?? '').slice(0, 512);
    try {
      const { request } = parseRequest(streamedRequest, message);
      return { requestId, response: this.scores.answer('ScoreEndpointsStream', request ?? undefined) };
    } catch (error) {
      const { code, message: what } = grpcStatusOf(error);
      return { requestId, error: { code, message: what } };
    }
  }
}
