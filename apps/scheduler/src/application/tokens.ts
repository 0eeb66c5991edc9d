/** Injection tokens of interfaces, which leave nothing at run time to inject by. */
export const FLEET = Symbol('FLEET');
export const PREFIX_VIEW = Symbol('PREFIX_VIEW');
export const EVENT_BUS = Symbol('EVENT_BUS');
export const CLUSTER = Symbol('CLUSTER');
export const TOKENIZER_THREADS = Symbol('TOKENIZER_THREADS');
export const CLOCK = Symbol('CLOCK');
