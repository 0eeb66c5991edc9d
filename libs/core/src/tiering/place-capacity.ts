import type { Place } from './place.js';

export interface PlaceCapacity {
  readonly place: Place;
  /** 0 = no limit. */
  readonly capacityBytes: number;
}
