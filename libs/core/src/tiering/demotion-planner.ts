import type { ChunkLedger } from './chunk-ledger.js';
import type { ChunkView, CopyView } from './chunk-view.js';
import { type Place, S3 } from './place.js';
import type { PlaceCapacity } from './place-capacity.js';
import type { MoveReason, PlannedMove } from './planned-move.js';
import { PressureGate, type Watermarks } from './pressure-gate.js';
import { RoomPlan } from './room-plan.js';

export interface DemotionSettings extends Watermarks {
  /** Whether chunks may be copied to S3. */
  readonly s3: boolean;
  /** Uses from which a chunk that leaves the nodes is copied to S3. */
  readonly s3AdmissionUses: number;
  /** Most moves in one plan. */
  readonly maxMoves: number;
}

/** Where a chunk goes that must leave a place; `wait` while there is no room yet. */
type Destination = { to?: Place; reason: MoveReason } | 'wait';

/**
 * Makes room, least recently used first: CPU to SSD always, SSD to S3 when used often enough and its blocks are known, else and from S3 to nothing.
 * What is in motion stays, what the tier below has already is only removed, and nothing is sent where it does not fit.
 */
export class DemotionPlanner {
  private readonly gate: PressureGate;

  constructor(private readonly settings: DemotionSettings) {
    this.gate = new PressureGate(settings);
  }

  /**
   * Moves for now. Places without a capacity are left alone, and nothing is moved to them.
   * @param isSpared chunks that stay for the time being, as those whose last move failed
   * @param maxToS3 copies to S3 in this plan; what is to go there waits when there are more
   */
  plan(
    ledger: ChunkLedger,
    capacities: readonly PlaceCapacity[],
    isSpared: (path: string) => boolean = () => false,
    maxToS3 = Number.POSITIVE_INFINITY,
  ): PlannedMove[] {
    const moves: PlannedMove[] = [];
    let toS3 = 0;
    const planned = new Set<string>();
    const room = new RoomPlan(ledger, capacities);
    for (const { place, capacityBytes } of lowestTierFirst(capacities)) {
      const { usedBytes, leavingBytes } = ledger.use(place);
      let excess = this.gate.excessBytes(place, usedBytes - leavingBytes, capacityBytes);
      for (const path of excess > 0 ? ledger.oldestFirst(place) : []) {
        if (excess <= 0 || moves.length >= this.settings.maxMoves) break;
        const chunk = ledger.chunk(path) as ChunkView;
        const copy = copyAt(chunk, place) as CopyView;
        if (planned.has(path) || isSpared(path) || copy.state !== 'valid' || isInMotion(chunk, place))
          continue;
        const destination = this.destination(chunk, copy, room, usedBytes > capacityBytes);
        if (destination === 'wait') break;
        const { to, reason } = destination;
        if (to?.tier === 's3' && ++toS3 > maxToS3) break;
        moves.push({
          path,
          from: place,
          ...(to && { to }),
          removeSource: true,
          bytes: copy.sizeBytes,
          reason,
        });
        planned.add(path);
        if (to) room.reserve(to, copy.sizeBytes);
        excess -= copy.sizeBytes;
      }
    }
    return moves;
  }

  private destination(chunk: ChunkView, copy: CopyView, room: RoomPlan, overfull: boolean): Destination {
    const { place, sizeBytes } = copy;
    if (place.tier === 's3') return { reason: 'no-room-below' };
    if (place.tier === 'cpu') {
      const ssd: Place = { tier: 'ssd', node: place.node };
      if (isUsable(copyAt(chunk, ssd))) return { reason: 'below-already' };
      if (room.canEverHold(ssd, sizeBytes)) {
        if (room.has(ssd, sizeBytes)) return { to: ssd, reason: 'pressure' };
        if (!overfull) return 'wait';
      }
    }
    if (isUsable(copyAt(chunk, S3))) return { reason: 'below-already' };
    if (!this.settings.s3) return { reason: 'no-room-below' };
    const isKnown = chunk.keys.length > 0;
    if (!isKnown || chunk.uses < this.settings.s3AdmissionUses) return { reason: 'not-admitted' };
    return room.has(S3, sizeBytes) ? { to: S3, reason: 'pressure' } : { reason: 'no-room-below' };
  }
}

function lowestTierFirst(capacities: readonly PlaceCapacity[]): PlaceCapacity[] {
  const depth = { s3: 0, ssd: 1, cpu: 2 };
  return [...capacities].sort((a, b) => depth[a.place.tier] - depth[b.place.tier]);
}

function copyAt({ copies }: ChunkView, { tier, node }: Place): CopyView | undefined {
  return copies.find(({ place }) => place.tier === tier && place.node === node);
}

function isUsable(copy: CopyView | undefined): boolean {
  return (copy?.state === 'valid' || copy?.state === 'reading') && !copy.leaving;
}

/** Whether a copy on the same node, or the one on S3, is being written or removed. */
function isInMotion({ copies }: ChunkView, { node }: Place): boolean {
  return copies.some(
    ({ place, state, leaving }) =>
      (place.node === node || place.tier === 's3') &&
      (state === 'writing' || state === 'deleting' || leaving),
  );
}
