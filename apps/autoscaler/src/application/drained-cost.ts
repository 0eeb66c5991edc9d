/** Deletion cost of a drained pod: it goes before all others. */
export const DRAINED_COST = '-1000';
