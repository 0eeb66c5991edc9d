import type { EngineBatch } from '@penstock/core/kv';

/** Where one engine's events come from. */
export interface EngineAddress {
  /** IP address without brackets. */
  readonly ip: string;
  readonly eventsPort: number;
  /** Absent: nobody knows where it replays, if it does. */
  readonly replayPort?: number;
  /** Who it is when it dials us: port of its HTTP server and data-parallel rank. Absent: it is only dialled. */
  readonly dialIn?: { readonly httpPort: number; readonly rank: number };
}

export interface EngineStreamHandlers {
  /** A batch, in the order the engine sent it; `replayed` when it answers `replay`. */
  readonly onBatch: (batch: EngineBatch, replayed: boolean) => void;
  /** A batch that could not be read, or not completely: removals in it may be lost. */
  readonly onUnreadable: (sequence: number, replayed: boolean) => void;
  /** What was left out of messages, by reason; never their content. */
  readonly onProblems: (problems: Readonly<Record<string, number>>) => void;
  readonly onConnection: (connected: boolean) => void;
}

/** One engine's event stream. Reconnects by itself. */
export interface EngineStream {
  /** Delivers again what the engine still has from a sequence on; rejects with the reason when it could not. */
  replay(fromSequence: number): Promise<void>;
  close(): Promise<void>;
}

export interface EngineStreams {
  open(address: EngineAddress, handlers: EngineStreamHandlers): EngineStream;
}

/** Connections of engines that dialled us, since the start. */
export interface DialInStats {
  readonly connections: number;
  /** Taken for an engine. */
  readonly accepted: number;
  /** Times two publishers were there for one engine, so that neither was believed. */
  readonly conflicts: number;
  /** Closed again, by reason. */
  readonly refusals: Readonly<Record<string, number | undefined>>;
}

/** What an engine says of itself over HTTP. */
export interface EngineIdentity {
  /** Served name of the base model. */
  readonly model: string;
  /** Tokens per block; 0 when the engine did not say. */
  readonly blockSize: number;
}

export interface EngineProbe {
  /** Asks once; rejects with the reason. `address` is `ip:port` of the HTTP server. */
  identify(address: string, signal: AbortSignal): Promise<EngineIdentity>;
}
