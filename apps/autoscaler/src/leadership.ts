import type { LeaseHandle } from '@penstock/core/ports';

/** Who may write: the replica that holds the Lease. */
export class Leadership {
  lease: LeaseHandle | undefined;

  get isLeading(): boolean {
    return this.lease?.held ?? false;
  }
}
