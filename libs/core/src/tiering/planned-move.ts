import type { Place } from './place.js';

/** Why a chunk is moved or removed. */
export type MoveReason =
  /** The tier is over its high watermark. */
  | 'pressure'
  /** As `pressure`, and the next tier has it already. */
  | 'below-already'
  /** As `pressure`, and it was used too seldom for the next tier. */
  | 'not-admitted'
  /** As `pressure`, and there is no tier below, or it has no room for it. */
  | 'no-room-below'
  /** A request is on its way to an engine that can use it there. */
  | 'predicted-hit'
  /** Its bytes are not what they were. */
  | 'corrupt';

/** One copy to make, remove, or both in this order. */
export interface PlannedMove {
  readonly path: string;
  readonly from: Place;
  /** Absent: the copy is only removed. */
  readonly to?: Place;
  /** Whether the copy at `from` goes once the other is durable. */
  readonly removeSource: boolean;
  readonly bytes: number;
  readonly reason: MoveReason;
}
