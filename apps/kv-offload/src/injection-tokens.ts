/** What the controller is given. */
export const LEADERSHIP = Symbol('LEADERSHIP');
