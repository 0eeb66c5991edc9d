import type { IndexPlan } from './plan.js';
import { Words } from './words.js';

/** A prompt of 10,000 tokens in blocks of 16. */
export const PROMPT_BLOCKS = 625;
/** Blocks of a prefix that many engines hold. */
const PREFIX_BLOCKS = 500;
/** Share of an engine's blocks that other engines hold, too. */
const SHARED = 0.2;
/** Share of the engines that hold a shared prefix. */
const HOLDERS = 0.3;

export interface FleetEngine {
  readonly id: string;
  /** Shared prefixes, then the engine's own blocks. */
  readonly keys: BigUint64Array;
  readonly checks: Uint32Array;
}

/** Engines that hold some popular prefixes each, and else blocks that no other engine has. */
export class Fleet {
  readonly engines: readonly FleetEngine[];
  readonly ids: readonly string[];
  /** Blocks of an engine in shared prefixes. */
  readonly sharedBlocks: number;
  private readonly words: Words;
  private readonly fresh: Words;

  constructor({ engines, blocksPerEngine }: IndexPlan, seed: number) {
    this.words = new Words(seed);
    this.fresh = new Words(seed + 1);
    const perEngine = Math.max(1, Math.round((blocksPerEngine * SHARED) / PREFIX_BLOCKS));
    this.sharedBlocks = Math.min(perEngine * PREFIX_BLOCKS, blocksPerEngine);
    const prefixes = Array.from({ length: Math.max(perEngine, Math.round(perEngine / HOLDERS)) }, () =>
      this.words.keys(PREFIX_BLOCKS),
    );
    this.engines = Array.from({ length: engines }, (_, e) => {
      const keys = this.words.keys(blocksPerEngine);
      for (const [i, p] of this.words.some(perEngine, prefixes.length).entries()) {
        const prefix = prefixes[p] as BigUint64Array;
        keys.set(prefix.subarray(0, Math.max(0, this.sharedBlocks - i * PREFIX_BLOCKS)), i * PREFIX_BLOCKS);
      }
      return { id: `llm/engine-${e}`, keys, checks: checksOf(keys) };
    });
    this.ids = this.engines.map(({ id }) => id);
  }

  get pairs(): number {
    return this.engines.reduce((sum, { keys }) => sum + keys.length, 0);
  }

  /** Blocks that no engine holds yet. */
  newBlocks(count: number): { readonly keys: BigUint64Array; readonly checks: Uint32Array } {
    const keys = this.fresh.keys(count);
    return { keys, checks: checksOf(keys) };
  }

  /** A conversation's next turn: a popular prefix, then what one engine alone has. */
  conversation(): BigUint64Array {
    const { keys } = this.engines[this.words.below(this.engines.length)] as FleetEngine;
    const prefix = this.words.below(this.sharedBlocks / PREFIX_BLOCKS) * PREFIX_BLOCKS;
    const prompt = new BigUint64Array(PROMPT_BLOCKS);
    prompt.set(keys.subarray(prefix, prefix + PREFIX_BLOCKS));
    const own = PROMPT_BLOCKS - PREFIX_BLOCKS;
    const from = this.sharedBlocks + this.words.below(keys.length - this.sharedBlocks - own);
    prompt.set(keys.subarray(from, from + own), PREFIX_BLOCKS);
    return prompt;
  }

  /** A long document that one engine alone has. */
  document(): BigUint64Array {
    const { keys } = this.engines[this.words.below(this.engines.length)] as FleetEngine;
    const from = this.sharedBlocks + this.words.below(keys.length - this.sharedBlocks - PROMPT_BLOCKS);
    return keys.subarray(from, from + PROMPT_BLOCKS);
  }
}

function checksOf(keys: BigUint64Array): Uint32Array {
  const words = new Uint32Array(keys.buffer, keys.byteOffset, keys.length * 2);
  return Uint32Array.from({ length: keys.length }, (_, i) => ((words[2 * i] as number) ^ 0x5bd1e995) | 1);
}
