import { Agent } from 'undici';
import type { Relay, RelayOutcome, RelayRequest, RelaySink } from '../application/relay.js';
import { RelayHandler } from './relay-handler.js';

export interface UndiciRelayOptions {
  readonly connectTimeoutMs: number;
  /** Longest wait for the head of an answer. */
  readonly firstByteTimeoutMs: number;
  /** Longest silence inside an answer. */
  readonly idleTimeoutMs: number;
}

/** Engines over HTTP/1.1 with kept-alive connections, one request at a time on each. */
export class UndiciRelay implements Relay {
  private readonly agent: Agent;

  constructor(options: UndiciRelayOptions) {
    this.agent = new Agent({
      connections: null,
      pipelining: 1,
      connect: { timeout: options.connectTimeoutMs },
      headersTimeout: options.firstByteTimeoutMs,
      bodyTimeout: options.idleTimeoutMs,
      keepAliveTimeout: 4000,
      keepAliveMaxTimeout: 60_000,
    });
  }

  relay(request: RelayRequest, sink: RelaySink): Promise<RelayOutcome> {
    return new Promise((resolve) => {
      this.agent.dispatch(
        {
          origin: `http://${request.address}`,
          path: request.path,
          method: 'POST',
          headers: request.headers,
          body: request.body,
        },
        new RelayHandler(sink, request.signal, resolve),
      );
    });
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }
}
