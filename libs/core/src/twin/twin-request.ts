import type { EngineRequest } from '../engine-model/index.js';
import type { Arrival } from './workload.js';

/** Generated blocks get ids from here on, unique in the fleet: above any workload's content ids. */
export const FIRST_GENERATED_CONTENT = 2 ** 40;

/** A request inside the twin. */
export class TwinRequest implements EngineRequest {
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly promptBlocks: Int32Array;
  engine = -1;
  /** When its newest token came out; NaN before the first. */
  lastTokenMs = Number.NaN;

  constructor(
    readonly id: number,
    arrival: Arrival,
    readonly arrivedMs: number,
    private readonly newContent: () => number,
  ) {
    this.promptTokens = arrival.prompt.tokens;
    this.outputTokens = arrival.outputTokens;
    this.promptBlocks = arrival.prompt.blocks;
  }

  outputBlock(): number {
    return this.newContent();
  }
}
