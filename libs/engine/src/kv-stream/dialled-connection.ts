import { connect, type Socket } from 'node:net';
import { Subscriber } from 'zeromq';
import { socketContext } from './socket-context.js';
import { subscriberSettings } from './subscriber-settings.js';

const LOOPBACK = '127.0.0.1';
const ANY_PORT = `tcp://${LOOPBACK}:*`;

export interface DialledConnectionOptions {
  /** Prefix of the topics wanted. */
  readonly topic: string;
  readonly maxMessageBytes: number;
  /** The publisher speaks ZeroMQ and took our subscription. */
  readonly onHandshake: () => void;
  readonly onFrames: (frames: Buffer[]) => void;
  readonly onClose: () => void;
}

/**
 * One connection of a publisher that dialled us. ZeroMQ does not say which peer a message of a bound socket came from, so
 * every connection has a socket of its own, bound to the loopback device, and its bytes are passed on to that.
 */
export class DialledConnection {
  private readonly inner: Socket;
  private readonly receiving: Promise<void>;
  private closed = false;

  private constructor(
    private readonly peer: Socket,
    private readonly subscriber: Subscriber,
    private readonly options: DialledConnectionOptions,
  ) {
    const { port } = new URL(subscriber.lastEndpoint as string);
    this.inner = connect(Number(port), LOOPBACK);
    for (const socket of [peer, this.inner]) {
      socket.setNoDelay(true);
      // The reason does not matter: the publisher dials again.
      socket.on('error', () => this.close());
      socket.on('close', () => this.close());
    }
    // A publisher that is too fast has to wait: nothing is kept here.
    peer.pipe(this.inner);
    this.inner.pipe(peer);
    subscriber.events.on('handshake', () => this.closed || options.onHandshake());
    this.receiving = this.receive();
  }

  /** Takes the connection over, which must not have been read from. */
  static async open(peer: Socket, options: DialledConnectionOptions): Promise<DialledConnection> {
    const subscriber = new Subscriber({
      context: socketContext,
      ...subscriberSettings(ANY_PORT, options.maxMessageBytes),
    });
    subscriber.subscribe(options.topic);
    try {
      await subscriber.bind(ANY_PORT);
      if (peer.destroyed) throw new Error('the publisher is gone');
    } catch (error) {
      subscriber.close();
      peer.destroy();
      throw error;
    }
    return new DialledConnection(peer, subscriber, options);
  }

  /** Ends the connection; no handler but `onClose` is called afterwards. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.peer.destroy();
    this.inner.destroy();
    this.subscriber.close();
    this.options.onClose();
  }

  /** Resolves when everything is closed. */
  async ended(): Promise<void> {
    await this.receiving;
  }

  private async receive(): Promise<void> {
    for await (const frames of this.subscriber) {
      if (!this.closed) this.options.onFrames(frames);
    }
  }
}
