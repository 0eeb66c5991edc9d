/** What the controller is given. */
export const BOARD = Symbol('BOARD');
export const SCALER = Symbol('SCALER');
export const LEADERSHIP = Symbol('LEADERSHIP');
