/** What the controller is given. */
export const PARTS = Symbol('PARTS');
