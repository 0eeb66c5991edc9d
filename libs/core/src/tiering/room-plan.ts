import type { ChunkLedger } from './chunk-ledger.js';
import { type Place, placeName } from './place.js';
import type { PlaceCapacity } from './place-capacity.js';

/** Room left at places while a plan is being made. */
export class RoomPlan {
  private readonly limits = new Map<string, number>();
  private readonly reserved = new Map<string, number>();

  constructor(
    private readonly ledger: ChunkLedger,
    capacities: readonly PlaceCapacity[],
  ) {
    for (const { place, capacityBytes } of capacities) {
      this.limits.set(placeName(place), capacityBytes === 0 ? Number.POSITIVE_INFINITY : capacityBytes);
    }
  }

  /** Whether the place, empty, could take that much; false for a place that is not there. */
  canEverHold(place: Place, bytes: number): boolean {
    return bytes <= (this.limits.get(placeName(place)) ?? 0);
  }

  /** Whether it can now: what is still being removed takes room. */
  has(place: Place, bytes: number): boolean {
    const name = placeName(place);
    const taken = this.ledger.use(place).usedBytes + (this.reserved.get(name) ?? 0);
    return taken + bytes <= (this.limits.get(name) ?? 0);
  }

  reserve(place: Place, bytes: number): void {
    const name = placeName(place);
    this.reserved.set(name, (this.reserved.get(name) ?? 0) + bytes);
  }
}
