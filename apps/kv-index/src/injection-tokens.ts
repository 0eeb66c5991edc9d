/** What the controller is given. */
export const INDEX = Symbol('INDEX');
export const METRICS = Symbol('METRICS');
export const TRACKER = Symbol('TRACKER');
