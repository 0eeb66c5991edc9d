import type { EngineRequest } from './engine-request.js';

/** Consecutive full blocks of one request became cached: vLLM's BlockStored. Also reported for further copies. */
export interface StoredRun<R extends EngineRequest = EngineRequest> {
  readonly type: 'stored';
  readonly request: R;
  /** Ordinal in the request of the first block; block i covers tokens i × blockSize and up. */
  readonly firstBlock: number;
  readonly contents: readonly number[];
  /** Content before the first block; undefined when that is the request's first block. */
  readonly parent: number | undefined;
  /** Present when the blocks were loaded from the secondary cache instead of computed. */
  readonly loaded?: true;
}

/** Cached contents were given up for new blocks: vLLM's BlockRemoved, once per copy. */
export interface RemovedRun {
  readonly type: 'removed';
  readonly contents: readonly number[];
}

/** One change of the engine's prefix cache. */
export type CacheEvent<R extends EngineRequest = EngineRequest> = StoredRun<R> | RemovedRun;
