/** Load figures of one engine. */
export interface EngineFigures {
  readonly waiting: number;
  readonly running: number;
  /** 0–1. */
  readonly kvUsage: number;
  /** Tokens per KV block; 0 when the engine does not say. */
  readonly blockSize: number;
  /** Size of the KV cache; 0 when the engine does not say. */
  readonly kvCapacityTokens: number;
}

/** What an engine serves. */
export interface EngineModels {
  readonly baseModel: string;
  /** Every name it answers to: those of the base model and its adapters. */
  readonly names: ReadonlySet<string>;
  /** LoRA adapters among them. */
  readonly adapters: ReadonlySet<string>;
}

/** Asks an engine about itself over HTTP. Rejects when it does not answer in time. */
export interface EngineProbe {
  scrape(address: string): Promise<EngineFigures>;
  models(address: string): Promise<EngineModels>;
}
