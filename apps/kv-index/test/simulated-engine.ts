import { createHash } from 'node:crypto';
import type { EngineBatch, EngineEvent } from '@penstock/core/kv';
import type {
  EngineAddress,
  EngineIdentity,
  EngineProbe,
  EngineStreamHandlers,
  EngineStreams,
} from '../src/application/engine-stream.js';

const BLOCK = 2;

/** Tokens of a prompt written as digits: two tokens per digit, one block each. */
export const tokensOf = (prompt: string) =>
  [...prompt].flatMap((digit) => [Number(digit), Number(digit) + 100]);
/** Name of the file whose last block ends this prompt. */
export const digestOf = (prompt: string) => createHash('sha256').update(prompt).digest();
const hashOf = (prompt: string) => BigInt(`0x1${prompt}`);

/** The event side of an engine, in memory: what it holds, its numbered batches and its replay buffer. */
export class SimulatedEngine {
  readonly held = new Set<string>();
  /** Tells lives apart in the batches' times. */
  lives = 0;
  private sequence = 0;
  private buffer: EngineBatch[] = [];
  private listeners = new Set<(batch: EngineBatch) => void>();
  canReplay = true;
  model = 'm';
  /** Tokens per block as its metrics say; 0: they do not. */
  toldBlockSize = BLOCK;
  reachable = true;
  /** Whether its events can be connected to. */
  listening = true;

  store(prompt: string, options: { lose?: boolean } = {}): void {
    const from = [...prompt].findIndex((_, i) => !this.held.has(prompt.slice(0, i + 1)));
    if (from < 0) return;
    const prefixes = [...prompt].map((_, i) => prompt.slice(0, i + 1)).slice(from);
    for (const prefix of prefixes) this.held.add(prefix);
    const event: EngineEvent = {
      type: 'stored',
      hashes: prefixes.map(hashOf),
      parent: from === 0 ? null : hashOf(prompt.slice(0, from)),
      tokenIds: tokensOf(prompt).slice(from * BLOCK),
      blockSize: BLOCK,
      tier: 'gpu',
    };
    this.emit([event], options.lose);
  }

  /** Says that one block with a hash of the caller's choice is on the GPU. */
  storeHash(hash: bigint, tokenIds: number[]): void {
    const place = { blockSize: BLOCK, tier: 'gpu' } as const;
    this.emit([{ type: 'stored', hashes: [hash], parent: null, tokenIds, ...place }]);
  }

  /** Says that the blocks of the prompt from `from` on were written into one file on storage. */
  announceFile(prompt: string, from = 0, fileDigest: Uint8Array | null = digestOf(prompt)): void {
    const prefixes = [...prompt].map((_, i) => prompt.slice(0, i + 1)).slice(from);
    const place = { parent: null, tokenIds: [], blockSize: 0, tier: 's3' } as const;
    this.emit([{ type: 'stored', hashes: prefixes.map(hashOf), ...place, fileDigest }]);
  }

  evict(prompt: string, options: { lose?: boolean } = {}): void {
    this.held.delete(prompt);
    this.emit([{ type: 'removed', hashes: [hashOf(prompt)], tier: 'gpu' }], options.lose);
  }

  restart(): void {
    this.held.clear();
    this.buffer = [];
    this.sequence = 0;
    this.lives++;
  }

  replay(from: number): EngineBatch[] {
    if (!this.canReplay) throw new Error('no replay here');
    return this.buffer.filter((batch) => batch.sequence >= from);
  }

  listen(listener: (batch: EngineBatch) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private emit(events: EngineEvent[], lose = false): void {
    const batch = { sequence: this.sequence++, timestampMs: 1e12 + this.lives * 1e6 + this.sequence, events };
    this.buffer.push(batch);
    if (!lose) for (const listener of this.listeners) listener(batch);
  }
}

/** Streams and probes of simulated engines, by IP address. */
export class SimulatedEngines implements EngineStreams, EngineProbe {
  readonly byIp = new Map<string, SimulatedEngine>();
  readonly opened: EngineAddress[] = [];
  readonly handlers = new Map<string, EngineStreamHandlers>();

  open(address: EngineAddress, handlers: EngineStreamHandlers) {
    const engine = this.byIp.get(address.ip) as SimulatedEngine;
    this.opened.push(address);
    this.handlers.set(address.ip, handlers);
    const unlisten = engine.listen((batch) => handlers.onBatch(batch, false));
    queueMicrotask(() => engine.listening && handlers.onConnection(true));
    return {
      replay: async (fromSequence: number) => {
        for (const batch of engine.replay(fromSequence)) handlers.onBatch(batch, true);
      },
      close: async () => void unlisten(),
    };
  }

  async identify(address: string): Promise<EngineIdentity> {
    const engine = this.byIp.get(address.split(':')[0] as string);
    if (!engine?.reachable) throw new Error('connection refused');
    return { model: engine.model, blockSize: engine.toldBlockSize };
  }

  async close(): Promise<void> {}
}
