import { decodeEngineBatch, type KvEventMessage, KvEventSubscriber } from '@penstock/engine';
import type { Logger } from 'pino';
import type {
  EngineAddress,
  EngineStream,
  EngineStreamHandlers,
  EngineStreams,
} from '../application/engine-stream.js';

/** Engine event streams over ZeroMQ, as vLLM publishes them. */
export class ZmqEngineStreams implements EngineStreams {
  constructor(
    private readonly topic: string,
    private readonly logger: Logger,
  ) {}

  open(address: EngineAddress, handlers: EngineStreamHandlers): EngineStream {
    const host = address.ip.includes(':') ? `[${address.ip}]` : address.ip;
    const subscriber = new KvEventSubscriber({
      endpoint: `tcp://${host}:${address.eventsPort}`,
      replayEndpoint: `tcp://${host}:${address.replayPort}`,
      topic: this.topic,
      onMessage: (message) => deliver(message, handlers),
      onConnection: handlers.onConnection,
      onError: (error) =>
        this.logger.error({ err: error, address: host }, 'an engine event could not be handled'),
    });
    return {
      replay: async (fromSequence) => void (await subscriber.replay(fromSequence)),
      close: () => subscriber.close(),
    };
  }
}

function deliver({ sequence, payload, replayed }: KvEventMessage, handlers: EngineStreamHandlers): void {
  const { batch, problems, removalsLost } = decodeEngineBatch(sequence, payload);
  handlers.onProblems(problems as Readonly<Record<string, number>>);
  if (batch && !removalsLost) handlers.onBatch(batch, replayed);
  else handlers.onUnreadable(sequence);
}
