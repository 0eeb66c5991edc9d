import { setTimeout as sleep } from 'node:timers/promises';
import type { KnownEngine } from './known-engine.js';

/** What an engine says of its own cache. */
export interface CacheReport {
  /** Last event batch it has published; -1 before the first. */
  readonly lastSequence: number;
  /** Low 64 bits of the hash of each block on the GPU. */
  readonly hashes: ReadonlySet<bigint>;
}

export interface CacheReports {
  /**
   * Asks the engine at `address` (`ip:port` of its HTTP server) for its cache. Returns the reason when it has no such
   * report, or none that can be used.
   */
  read(address: string, signal: AbortSignal): Promise<CacheReport | { readonly unsupported: string }>;
}

/** An engine's own report beside what the index claims of it. */
export interface Verification {
  /** Why there is nothing to compare; the rest is then empty. */
  readonly unsupported?: string;
  readonly engineBlocks: number;
  readonly indexBlocks: number;
  readonly engineSequence: number;
  readonly indexSequence: number;
  /** Held by the engine, unknown to the index. */
  readonly missing: readonly bigint[];
  /** Claimed by the index, not held by the engine. */
  readonly gone: readonly bigint[];
}

/** While events are on their way the report is asked for again, this often and this far apart. */
const ATTEMPTS = 5;
const RETRY_MS = 150;

/**
 * Compares the blocks on the GPU that the index claims for an engine with the engine's own report. Both move on while they
 * are read: it is repeated until both are of the same event batch, or says by the sequences that they are not.
 */
export async function verifyEngine(
  engine: KnownEngine,
  reports: CacheReports,
  signal: AbortSignal,
): Promise<Verification> {
  let latest: Verification | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (latest) await sleep(RETRY_MS, undefined, { signal });
    const { cache } = engine;
    if (!cache) return unsupported(whyNotFollowed(engine));
    const report = await reports.read(engine.endpoint.address, signal);
    if ('unsupported' in report) return unsupported(report.unsupported);
    const indexed = new Set<bigint>();
    for (const { tier, engineHashes } of cache.publishedBlocks()) {
      if (tier === 'gpu') for (const hash of engineHashes) indexed.add(hash);
    }
    latest = {
      engineBlocks: report.hashes.size,
      indexBlocks: indexed.size,
      engineSequence: report.lastSequence,
      indexSequence: cache.publishedEngineSequence,
      missing: [...report.hashes].filter((hash) => !indexed.has(hash)),
      gone: [...indexed].filter((hash) => !report.hashes.has(hash)),
    };
    if (latest.engineSequence === latest.indexSequence) break;
  }
  return latest as Verification;
}

function whyNotFollowed({ state, replica, publishesEvents }: KnownEngine): string {
  if (replica) return `replica "${replica}" follows this engine: ask that one`;
  if (!publishesEvents) return 'the engine publishes no KV events, so no blocks of it are known one by one';
  return `the engine is not followed yet (${state})`;
}

function unsupported(reason: string): Verification {
  const none = {
    engineBlocks: 0,
    indexBlocks: 0,
    engineSequence: -1,
    indexSequence: -1,
    missing: [],
    gone: [],
  };
  return { unsupported: reason, ...none };
}
