import type { EngineRequest } from '@penstock/core/engine-model';
import type { BlockHasher, PromptIdentity } from '@penstock/engine';
import { BlockChain } from './block-chain.js';
import type { OutputPlan } from './output-plan.js';

/** What a generation reports to, in the tick in which it happens. */
export interface GenerationListener {
  /** Output tokens [from, to) are there; `finished` with the last one. */
  tokens(from: number, to: number, finished: boolean): void;
  /** The engine will not go on with it. */
  failed(reason: string): void;
}

/** One request in the engine: its tokens, the answer it will get, and how far it is. */
export class Generation implements EngineRequest {
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly promptBlocks: Float64Array;
  readonly chain: BlockChain;
  /** Prompt and answer; the events' token ids are slices of it. */
  readonly allTokens: Uint32Array;
  listener: GenerationListener | undefined;
  /** Virtual ms. */
  arrivedAtMs = 0;
  /** Virtual ms of the last token so far. */
  lastTokenAtMs = 0;
  emittedTokens = 0;
  reportedTokens = 0;
  /** Prompt tokens found in the prefix cache or loaded from storage at admission; known with the first token. */
  cachedTokens = 0;
  /** First block it computed itself; absent before its first block is stored. */
  firstComputedBlock: number | undefined;

  constructor(
    readonly id: number,
    prompt: Uint32Array,
    readonly plan: OutputPlan,
    hasher: BlockHasher,
    readonly identity: PromptIdentity,
  ) {
    this.promptTokens = prompt.length;
    this.outputTokens = plan.tokens;
    this.allTokens = new Uint32Array(prompt.length + plan.tokens);
    this.allTokens.set(prompt);
    for (let i = 0; i < plan.tokens; i++) this.allTokens[prompt.length + i] = plan.idOf(i);
    const { blockSize } = hasher;
    this.chain = new BlockChain(
      hasher,
      identity,
      this.allTokens,
      Math.ceil(this.allTokens.length / blockSize),
    );
    this.promptBlocks = new Float64Array(Math.floor(prompt.length / blockSize));
    for (let i = 0; i < this.promptBlocks.length; i++) this.promptBlocks[i] = this.chain.contentId(i);
  }

  outputBlock(index: number): number {
    return this.chain.contentId(this.promptBlocks.length + index);
  }
}
