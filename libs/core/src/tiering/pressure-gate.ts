import { type Place, placeName } from './place.js';

export interface Watermarks {
  /** Share of a capacity above which room is made. */
  readonly high: number;
  /** Share down to which it is made. */
  readonly low: number;
}

/** Says how much must go from a place: nothing until it is above the high watermark, then down to the low one. */
export class PressureGate {
  private readonly relieving = new Set<string>();

  constructor(private readonly watermarks: Watermarks) {}

  /**
   * @param usedBytes what will be there when all that is leaving has left
   * @param capacityBytes 0 = no limit
   */
  excessBytes(place: Place, usedBytes: number, capacityBytes: number): number {
    const name = placeName(place);
    const { high, low } = this.watermarks;
    if (capacityBytes > 0 && usedBytes > high * capacityBytes) this.relieving.add(name);
    if (capacityBytes <= 0 || usedBytes <= low * capacityBytes) this.relieving.delete(name);
    return this.relieving.has(name) ? usedBytes - low * capacityBytes : 0;
  }
}
