import type { Lease } from '@penstock/contracts';

/** What one reading of a Lease says. */
export interface LeaseRecord {
  /** Empty when nobody holds it. */
  readonly holder: string;
  readonly durationMs: number;
  readonly transitions: number;
  readonly acquireTime: string;
  /** Changes whenever the holder renews. */
  readonly fingerprint: string;
}

export function readLease(lease: Lease): LeaseRecord {
  const spec = lease.spec ?? {};
  return {
    holder: spec.holderIdentity ?? '',
    durationMs: (spec.leaseDurationSeconds ?? 0) * 1000,
    transitions: spec.leaseTransitions ?? 0,
    acquireTime: spec.acquireTime ?? '',
    fingerprint: JSON.stringify([
      spec.holderIdentity,
      spec.acquireTime,
      spec.renewTime,
      spec.leaseTransitions,
    ]),
  };
}

/**
 * How long until another may take the lease: its full duration since *we* saw it change, on our monotonic
 * clock. The holder's own timestamps are never compared with our time.
 *
 * @returns milliseconds, 0 when it is free now
 */
export function freeInMs(record: LeaseRecord, unchangedForMs: number): number {
  if (record.holder === '') return 0;
  return Math.max(0, record.durationMs - unchangedForMs);
}

/** RFC 3339 with exactly six fractional digits, as `metav1.MicroTime` demands. */
export function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}
