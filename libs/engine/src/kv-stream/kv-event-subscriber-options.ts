import type { ExpectedPublisher } from './expected-publisher.js';
import type { KvEventListener } from './kv-event-listener.js';
import type { KvEventMessage } from './kv-event-message.js';
import type { ReplayOptions } from './request-replay.js';

/**
 * Why a message was lost: not three frames, a sequence that is none, too much held back while a replay ran, another
 * publisher was there first (`dialIn`).
 */
export const LOSS_REASONS = ['frame-count', 'bad-sequence', 'held-overflow', 'second-publisher'] as const;
export type LossReason = (typeof LOSS_REASONS)[number];
/** Why a message was not delivered: it is lost, or a replay has delivered it already. */
export type DropReason = LossReason | 'replayed-before';

export interface KvEventSubscriberOptions {
  /** The publisher, such as `tcp://10.0.0.7:5557`. One subscriber per publisher: each counts its own sequence. */
  readonly endpoint: string;
  readonly replayEndpoint?: string;
  /** Who the publisher is when it dials us instead of waiting to be dialled; it may do either. */
  readonly dialIn?: ExpectedPublisher & { readonly listener: KvEventListener };
  /** Prefix of the topics wanted; default all. */
  readonly topic?: string;
  readonly onMessage: (message: KvEventMessage) => void;
  /** Called before the message that arrived instead of the expected one is delivered. */
  readonly onGap?: (gap: { readonly expected: number; readonly received: number }) => void;
  /** A message was lost. */
  readonly onLoss?: (reason: LossReason) => void;
  /** The publisher was reached, or lost; reconnecting goes on by itself. It may have restarted in between. */
  readonly onConnection?: (connected: boolean) => void;
  /** A handler of the caller threw; the stream goes on. Without it the error is thrown outside the stream. */
  readonly onError?: (error: unknown) => void;
  /** Default 16 MiB; the connection of a publisher that sends more is closed. */
  readonly maxMessageBytes?: number;
  /** Bounds of what is held back while a replay runs; default 100,000 messages and 128 MiB; all streams: 512 MiB. */
  readonly maxHeldMessages?: number;
  readonly maxHeldBytes?: number;
  readonly replay?: Pick<ReplayOptions, 'idleTimeoutMs' | 'totalTimeoutMs'>;
}

export interface SubscriberStats {
  received: number;
  delivered: number;
  gaps: number;
  connections: number;
  replays: number;
  replayFailures: number;
  replayedMessages: number;
  readonly drops: Partial<Record<DropReason, number>>;
}

/** What a replay brought. */
export interface ReplayOutcome {
  readonly messages: number;
  /** Sequence of the first message; later than asked when older ones have left the publisher's buffer. */
  readonly first?: number;
  readonly last?: number;
  /** The first message has the sequence asked for and no sequence is missing after it. */
  readonly complete: boolean;
}
