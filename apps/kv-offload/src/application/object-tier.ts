import type { Clock, ObjectHead, ObjectStore } from '@penstock/core/ports';
import { type ChunkLedger, type CopyView, S3 } from '@penstock/core/tiering';
import { parseChunkPath } from '@penstock/engine';
import type { Logger } from 'pino';
import { readObjectFacts } from './object-facts.js';
import { pause } from './pause.js';

export interface ObjectTierOptions {
  readonly store: ObjectStore;
  readonly ledger: ChunkLedger;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly scanIntervalMs: number;
  readonly onListed: () => void;
}

const HEADS_AT_A_TIME = 16;
const RETRY_MS = 5_000;
/** After an upload that could not reach S3, nothing more is sent there for so long. */
const DOWN_MS = 10_000;

/** The S3 tier: what is there is learnt by listing it, now and then anew, because others may change it. */
export class ObjectTier {
  /** Whether everything there was listed once. */
  listed = false;
  /** Objects in the bucket that are none of ours, when last listed. */
  foreign = 0;
  /** Why S3 cannot be used, as far as is known; empty when it can. */
  problem = '';
  private readonly checking = new Set<string>();
  private downUntilMs = 0;
  private readonly stopped = new AbortController();
  private done: Promise<void> | undefined;

  constructor(private readonly options: ObjectTierOptions) {}

  get store(): ObjectStore {
    return this.options.store;
  }

  /** Whether chunks may be sent there now. */
  get isUsable(): boolean {
    return this.listed && this.options.clock.nowMs() >= this.downUntilMs;
  }

  start(): void {
    this.done = this.run();
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.done;
  }

  suspect(why: string): void {
    this.problem = why;
    this.downUntilMs = this.options.clock.nowMs() + DOWN_MS;
  }

  /** Removes objects; those that are not there count as removed. */
  async remove(paths: readonly string[]): Promise<void> {
    try {
      await this.options.store.delete(paths);
    } catch (error) {
      this.suspect(messageOf(error));
      throw error;
    }
  }

  /** Brings one copy of the ledger to what is there; again and again while S3 does not answer. */
  async check(path: string): Promise<void> {
    if (this.checking.has(path)) return;
    this.checking.add(path);
    while (!this.stopped.signal.aborted && !(await this.tryCheck(path))) {
      await pause(RETRY_MS, this.stopped.signal);
    }
    this.checking.delete(path);
  }

  private async run(): Promise<void> {
    const { signal } = this.stopped;
    const { logger, scanIntervalMs, onListed, store } = this.options;
    while (!signal.aborted) {
      let waitMs = scanIntervalMs;
      try {
        await this.scan(signal);
        if (signal.aborted) return;
        this.problem = '';
        if (!this.listed) logger.info({ resource: store.where }, 'chunks on S3 are listed');
        this.listed = true;
        onListed();
      } catch (error) {
        waitMs = Math.min(RETRY_MS, scanIntervalMs);
        if (this.problem === '') logger.warn({ resource: store.where, err: error }, 'S3 cannot be listed');
        this.suspect(messageOf(error));
      }
      await pause(waitMs, signal);
    }
  }

  private async scan(signal: AbortSignal): Promise<void> {
    const { ledger, store } = this.options;
    const before = new Map<string, CopyView>();
    for (const path of ledger.oldestFirst(S3)) before.set(path, ledger.copy(path, S3) as CopyView);
    let foreign = 0;
    const objects = store.list()[Symbol.asyncIterator]();
    const look = async () => {
      while (!signal.aborted) {
        const next = await objects.next();
        if (next.done) return;
        const { key } = next.value;
        before.delete(key);
        if (ledger.copy(key, S3)) continue;
        const facts = parseChunkPath(key) ? readObjectFacts(key, await store.head(key)) : undefined;
        if (!facts) foreign++;
        else if (!ledger.copy(key, S3)) ledger.put(facts.chunk, S3, facts.copy);
      }
    };
    await Promise.all(Array.from({ length: HEADS_AT_A_TIME }, look));
    if (signal.aborted) return;
    for (const [path, { state, generation }] of before) {
      const copy = ledger.copy(path, S3);
      if (state !== 'writing' && copy?.generation === generation) await this.check(path);
    }
    this.foreign = foreign;
  }

  /** False while S3 does not answer. */
  private async tryCheck(path: string): Promise<boolean> {
    const { ledger, store } = this.options;
    const before = ledger.copy(path, S3);
    let head: ObjectHead | undefined;
    try {
      head = await store.head(path);
    } catch (error) {
      this.suspect(messageOf(error));
      return false;
    }
    const facts = readObjectFacts(path, head);
    const now = ledger.copy(path, S3);
    if (now?.generation !== before?.generation || now?.state === 'deleting') return true;
    const isSame = now?.sizeBytes === facts?.copy.sizeBytes && now?.crc32 === facts?.copy.crc32;
    if (now && !isSame) ledger.drop(path, S3, now.generation);
    if (facts) ledger.put(facts.chunk, S3, { ...facts.copy, lastUsedMs: now?.lastUsedMs ?? 0 });
    return true;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
