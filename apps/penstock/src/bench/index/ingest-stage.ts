import { EngineCache, KvReplica, PrefixIndex } from '@penstock/core/kv';
import { decodeEngineBatch, encodeEngineBatch } from '@penstock/engine';
import { coreSeconds, type IndexFigures } from './figures.js';
import { Words } from './words.js';

const ENGINES = 20;
const BLOCK_SIZE = 16;
/** Blocks of one prompt, in one event as vLLM sends it. */
const EVENT_BLOCKS = 32;
const EVENTS_PER_BATCH = 2;
/** Prompts an engine holds before the oldest goes for each new one. */
const HELD_PROMPTS = 300;
/** Batches of an engine between two deltas. */
const BATCHES_PER_DELTA = 4;
const DIGEST_BYTES = 32;
const VOCABULARY = 150_000;

interface Message {
  readonly engine: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

/** From the bytes of engines' messages to the index: decode, follow, coalesce, apply. */
export function measureIngest(ops: number, seed: number): IndexFigures {
  const { messages, blocks } = writeMessages(ops, seed);
  const index = new PrefixIndex({ shared: true });
  const replica = new KvReplica(index);
  const caches = Array.from({ length: ENGINES }, (_, e) => {
    const cache = new EngineCache({ engineId: `llm/engine-${e}`, model: 'm', blockSize: BLOCK_SIZE }, 1);
    cache.start();
    cache.replayEnded(true, 1);
    return cache;
  });
  const taking = coreSeconds(() => {
    for (const { engine, sequence, payload } of messages) {
      const { batch } = decodeEngineBatch(sequence, payload);
      const cache = caches[engine] as EngineCache;
      if (batch) cache.receive(batch, 1);
      if (sequence % BATCHES_PER_DELTA !== 0) continue;
      const change = cache.takeDelta();
      if (change) replica.applyDelta(change.delta, 1);
    }
    for (const cache of caches) {
      const change = cache.takeDelta();
      if (change) replica.applyDelta(change.delta, 1);
    }
  });
  const held = caches.reduce((sum, cache) => sum + cache.blocks, 0);
  if (held === 0 || index.holders !== held)
    throw new Error(`bench index: ${index.holders} pairs in the index, ${held} in the engines' caches`);
  return {
    what: 'raw bytes → decoded → arena',
    engines: ENGINES,
    pairs: index.holders,
    ingestOpsPerSecond: blocks / taking,
  };
}

/** Messages in vLLM's map layout, of engines in turn, that store and remove at least `ops` blocks together. */
function writeMessages(ops: number, seed: number): { messages: Message[]; blocks: number } {
  const words = new Words(seed);
  const held: Uint8Array[][][] = Array.from({ length: ENGINES }, () => []);
  const messages: Message[] = [];
  let blocks = 0;
  for (let sequence = 0; blocks < ops; sequence++) {
    for (let engine = 0; engine < ENGINES; engine++) {
      const prompts = held[engine] as Uint8Array[][];
      const events = Array.from({ length: EVENTS_PER_BATCH }, () => {
        const hashes = Array.from(
          { length: EVENT_BLOCKS },
          () => new Uint8Array(words.keys(DIGEST_BYTES / 8).buffer),
        );
        const tokenIds = Array.from({ length: EVENT_BLOCKS * BLOCK_SIZE }, () => words.below(VOCABULARY));
        prompts.push(hashes);
        return { type: 'stored' as const, hashes, parent: null, tokenIds, blockSize: BLOCK_SIZE };
      });
      const removed = prompts
        .splice(0, Math.max(0, prompts.length - HELD_PROMPTS))
        .map((hashes) => ({ type: 'removed' as const, hashes }));
      const payload = encodeEngineBatch({ timestampMs: 1, rank: 0, events: [...removed, ...events] });
      messages.push({ engine, sequence, payload });
      blocks += (events.length + removed.length) * EVENT_BLOCKS;
    }
  }
  return { messages, blocks };
}
