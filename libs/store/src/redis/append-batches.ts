import type { EngineKeys } from './redis-keys.js';

/** A delta on its way into Redis. */
export interface WaitingDelta {
  readonly keys: EngineKeys;
  readonly incarnation: number;
  readonly sequence: number;
  readonly engineSequence: number;
  readonly cleared: boolean;
  readonly record: Buffer;
}

export interface AppendAnswer {
  readonly accepted: boolean;
  readonly logBytes: number;
  readonly snapshotBytes: number;
}

interface Entry {
  readonly delta: WaitingDelta;
  readonly resolve: (answer: AppendAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** Limits of one call, which the server runs without serving anyone else meanwhile. */
const MAX_DELTAS = 64;
const MAX_BYTES = 512 * 1024;

/** Gathers the deltas of one tick by shard, so that a thousand engines cost some dozen calls instead of a thousand. */
export class AppendBatches {
  private readonly waiting = new Map<string, Entry[]>();
  private scheduled = false;

  /** `send` writes deltas of one shard and answers in their order. */
  constructor(private readonly send: (deltas: readonly WaitingDelta[]) => Promise<readonly AppendAnswer[]>) {}

  add(delta: WaitingDelta): Promise<AppendAnswer> {
    return new Promise((resolve, reject) => {
      const { shard } = delta.keys;
      const entries = this.waiting.get(shard);
      if (entries) entries.push({ delta, resolve, reject });
      else this.waiting.set(shard, [{ delta, resolve, reject }]);
      if (this.scheduled) return;
      this.scheduled = true;
      setImmediate(() => this.flush());
    });
  }

  /** Sends what waits: before anything else is sent about the same engines. */
  flush(): void {
    this.scheduled = false;
    const shards = [...this.waiting.values()];
    this.waiting.clear();
    for (const entries of shards) for (const part of partsOf(entries)) void this.sendPart(part);
  }

  private async sendPart(part: readonly Entry[]): Promise<void> {
    try {
      const answers = await this.send(part.map(({ delta }) => delta));
      for (const [i, { resolve }] of part.entries()) resolve(answers[i] as AppendAnswer);
    } catch (error) {
      for (const { reject } of part) reject(error);
    }
  }
}

function partsOf(entries: readonly Entry[]): Entry[][] {
  const parts: Entry[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const entry of entries) {
    const size = entry.delta.record.length;
    const last = parts.at(-1);
    if (last && last.length < MAX_DELTAS && bytes + size <= MAX_BYTES) {
      last.push(entry);
      bytes += size;
    } else {
      parts.push([entry]);
      bytes = size;
    }
  }
  return parts;
}
