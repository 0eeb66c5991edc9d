import type { LeaseHandle } from '@penstock/core/ports';
import type { OffloadTerm } from './application/offload-term.js';

/** Whether this replica decides, and with what. */
export class Leadership {
  lease: LeaseHandle | undefined;
  /** Undefined while another replica decides. */
  term: OffloadTerm | undefined;
}
