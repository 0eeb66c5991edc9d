import type { ReplicaOrder } from './replica-order.js';

/** What the worker is made with. */
export interface WorkerSetup {
  readonly maxHolders?: number;
  /** 32-bit words that both threads see. */
  readonly control: SharedArrayBuffer;
}

/** Word of `control`: updates of smaller numbers need not be looked at. */
export const SKIP_BEFORE = 0;

/** An order on its way to the worker. Numbers count up by one, from 1. */
export interface WorkerTask {
  readonly number: number;
  readonly order: ReplicaOrder;
}
