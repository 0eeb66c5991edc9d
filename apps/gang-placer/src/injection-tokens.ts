/** The parts of the placer, for the controller. */
export const PLACER = Symbol('PLACER');
