import {
  decodeEngineBatch,
  type KvEventListener,
  type KvEventMessage,
  KvEventSubscriber,
} from '@penstock/engine';
import type { Logger } from 'pino';
import type {
  EngineAddress,
  EngineStream,
  EngineStreamHandlers,
  EngineStreams,
} from '../application/engine-stream.js';

/** Engine event streams over ZeroMQ, as vLLM publishes them: engines are dialled, and may dial where there is a listener. */
export class ZmqEngineStreams implements EngineStreams {
  constructor(
    private readonly topic: string,
    private readonly logger: Logger,
    private readonly listener?: KvEventListener,
  ) {}

  /** Without a listener, `EngineAddress.dialIn` is of no use. */
  open(address: EngineAddress, handlers: EngineStreamHandlers): EngineStream {
    const host = address.ip.includes(':') ? `[${address.ip}]` : address.ip;
    const subscriber = new KvEventSubscriber({
      endpoint: `tcp://${host}:${address.eventsPort}`,
      ...(address.replayPort !== undefined && { replayEndpoint: `tcp://${host}:${address.replayPort}` }),
      topic: this.topic,
      dialIn: this.dialIn(address),
      onMessage: (message) => deliver(message, handlers),
      onConnection: handlers.onConnection,
      onLoss: (reason) => handlers.onProblems({ [reason]: 1 }),
      onError: (error) =>
        this.logger.error({ err: error, address: host }, 'an engine event could not be handled'),
    });
    return {
      replay: async (fromSequence) => void (await subscriber.replay(fromSequence)),
      close: () => subscriber.close(),
    };
  }

  private dialIn({ ip, dialIn }: EngineAddress) {
    const { listener } = this;
    return listener && dialIn && { listener, address: ip, port: dialIn.httpPort, rank: dialIn.rank };
  }
}

function deliver({ sequence, payload, replayed }: KvEventMessage, handlers: EngineStreamHandlers): void {
  const { batch, problems, removalsLost } = decodeEngineBatch(sequence, payload);
  handlers.onProblems(problems as Readonly<Record<string, number>>);
  if (batch && !removalsLost) handlers.onBatch(batch, replayed);
  else handlers.onUnreadable(sequence, replayed);
}
