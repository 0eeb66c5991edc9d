import type { DialledConnection } from './dialled-connection.js';
import type { DialledStreamHandlers, ExpectedPublisher } from './expected-publisher.js';

/** Replaced this often within this time, while the connection before was alive: two publishers claim to be the engine. */
const MAX_TAKEOVERS = 3;
const TAKEOVER_WINDOW_MS = 10_000;
const CONFLICT_MS = 30_000;

/** An engine that may dial in, and the connection that counts as its own. */
export class DialledPublisher implements ExpectedPublisher {
  readonly address: string;
  readonly port: number;
  readonly rank: number;
  private current: DialledConnection | undefined;
  private takeovers: number[] = [];
  private refusedUntil = 0;

  constructor(
    { address, port, rank }: ExpectedPublisher,
    private readonly handlers: DialledStreamHandlers,
  ) {
    this.address = address;
    this.port = port;
    this.rank = rank;
  }

  /**
   * A connection of the engine. The newest counts: one of its last life may still seem open. When they take each other's
   * place again and again, two publishers are there whose sequences must not be mixed, and both are refused for a while.
   *
   * @param nowMs of a clock that never goes back
   */
  take(connection: DialledConnection, nowMs: number): 'taken' | 'conflict' | 'refused' {
    if (nowMs < this.refusedUntil) return 'refused';
    const before = this.current;
    if (before) {
      this.takeovers = [...this.takeovers.filter((at) => at > nowMs - TAKEOVER_WINDOW_MS), nowMs];
      this.leave();
      if (this.takeovers.length >= MAX_TAKEOVERS) {
        this.takeovers = [];
        this.refusedUntil = nowMs + CONFLICT_MS;
        return 'conflict';
      }
    }
    this.current = connection;
    this.handlers.onConnection(true);
    return 'taken';
  }

  receive(connection: DialledConnection, frames: Buffer[]): void {
    if (connection === this.current) this.handlers.onFrames(frames);
  }

  /** The connection was closed. */
  lost(connection: DialledConnection): void {
    if (connection !== this.current) return;
    this.current = undefined;
    this.handlers.onConnection(false);
  }

  /** Closes the connection. */
  leave(): void {
    this.current?.close();
  }
}
