/** Time as core sees it. Adapters pass the machine's clock; the twin passes virtual time. */
export interface Clock {
  /** Milliseconds since the epoch; never goes backwards within one process. */
  nowMs(): number;
}
