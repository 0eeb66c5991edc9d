/** Totals since the process started. */
export interface StoreCounters {
  /** Deltas stored (or found stored already). */
  appended: number;
  /** Deltas refused because they do not follow what is stored. */
  refused: number;
  /** Whole engines stored. */
  replaced: number;
  /** Whole engines refused because something newer is stored. */
  replaceRefused: number;
  /** Times a log was folded into its snapshot. */
  folded: number;
  /** Stored values that were damaged and have been dropped. */
  corrupt: number;
  /** Calls that failed: Redis away, slow, or refusing. */
  failed: number;
  /** Times the scripts had to be loaded again. */
  scriptReloads: number;
}

export function newCounters(): StoreCounters {
  return {
    appended: 0,
    refused: 0,
    replaced: 0,
    replaceRefused: 0,
    folded: 0,
    corrupt: 0,
    failed: 0,
    scriptReloads: 0,
  };
}
