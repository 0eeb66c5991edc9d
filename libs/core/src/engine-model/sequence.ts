import type { EngineRequest } from './engine-request.js';

/** A request inside the engine: its block table and progress. Belongs to `EngineModel`. */
export class Sequence<R extends EngineRequest = EngineRequest> {
  readonly blocks: Int32Array;
  blockCount = 0;
  /** Leading blocks that are full and named. */
  storedBlocks = 0;
  /** Tokens whose KV is computed. Not kept up to date while decoding: see `DecodeBatch`. */
  computedTokens = 0;
  /** Output tokens reported. Not kept up to date while decoding. */
  emittedTokens = 0;
  decoding = false;
  /** First step that decodes this sequence, while `decoding`. */
  firstDecodeStep = 0;
  /** Which of the blockSize phases allocates its next block, while `decoding`. */
  allocationPhase = 0;
  /** Order of admission: grows with every admission, also after a preemption. */
  admission = 0;
  /** Leading prompt chunks that the secondary cache has or was told of. */
  offloadedChunks = 0;
  /** Whether it lost its blocks before. */
  preempted = false;
  private readonly rememberedContents: number[] = [];

  constructor(
    readonly request: R,
    maxBlocks: number,
  ) {
    this.blocks = new Int32Array(maxBlocks);
  }

  /** Tokens known: the prompt and what was generated. All but the last must be computed to generate the next. */
  get knownTokens(): number {
    return this.request.promptTokens + this.emittedTokens;
  }

  /** Content id of full block `index`; asks the request for generated ones that are not remembered. */
  contentOf(index: number): number {
    const { promptBlocks } = this.request;
    if (index < promptBlocks.length) return promptBlocks[index]!;
    const generated = index - promptBlocks.length;
    return this.rememberedContents[generated] ?? this.request.outputBlock(generated);
  }

  /** Keeps the contents of generated blocks over a preemption, when the pool may forget them. */
  rememberGenerated(contentOfBlock: (block: number) => number): void {
    const first = this.request.promptBlocks.length;
    for (let i = first + this.rememberedContents.length; i < this.storedBlocks; i++) {
      this.rememberedContents.push(contentOfBlock(this.blocks[i]!));
    }
  }
}
