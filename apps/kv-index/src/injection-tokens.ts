/** What the index is made of: `IndexParts`. */
export const PARTS = Symbol('PARTS');
export const INDEX = Symbol('INDEX');
export const METRICS = Symbol('METRICS');
export const TRACKER = Symbol('TRACKER');
