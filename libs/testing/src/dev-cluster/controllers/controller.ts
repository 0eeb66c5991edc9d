/** A part of the cluster that reacts to changes until it is stopped. */
export interface Controller {
  stop(): void;
}
