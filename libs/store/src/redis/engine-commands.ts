import { CorruptError } from '../packing/corrupt-error.js';
import type { AppendAnswer, WaitingDelta } from './append-batches.js';
import type { EngineKeys } from './redis-keys.js';
import type { ScriptRunner } from './script-runner.js';

/** Pieces of this size fill a size class of the allocator (64 KiB) instead of leaving up to a fifth of a large one empty. */
const PIECE_BYTES = 64 * 1024 - 64;

export interface EnginePosition {
  readonly incarnation: number;
  readonly sequence: number;
  readonly engineSequence: number;
}

/** What is asked of Redis about engines: the scripts, with names for their arguments. */
export class EngineCommands {
  constructor(private readonly scripts: ScriptRunner) {}

  /** Deltas of one shard. */
  async append(deltas: readonly WaitingDelta[], ttlMs: number): Promise<AppendAnswer[]> {
    const [first] = deltas;
    if (!first) return [];
    const keys = [first.keys.engines, ...deltas.flatMap(({ keys: own }) => threeOf(own))];
    const args = deltas.flatMap((delta) => [
      delta.keys.member,
      delta.incarnation,
      delta.sequence,
      delta.engineSequence,
      delta.record.readUInt32LE(0),
      delta.cleared ? 1 : 0,
      delta.record,
    ]);
    const answer = (await this.scripts.run('append', keys, [ttlMs, ...args])) as number[];
    return deltas.map((_, i) => ({
      accepted: answer[i * 3] === 1,
      logBytes: answer[i * 3 + 1] ?? 0,
      snapshotBytes: answer[i * 3 + 2] ?? 0,
    }));
  }

  /** Whether it was not refused. */
  async replace(
    keys: EngineKeys,
    position: EnginePosition,
    facts: string,
    snapshot: Buffer,
    ttlMs: number,
  ): Promise<boolean> {
    const { incarnation, sequence, engineSequence } = position;
    const args = [ttlMs, keys.member, incarnation, sequence, engineSequence, facts, snapshot.length];
    const answer = await this.scripts.run('replace', fourOf(keys), [...args, ...piecesOf(snapshot)]);
    return answer === 1;
  }

  /** The answer for `readLoadedEngine`; what is of another type than ours is a `CorruptError`. */
  async load(keys: EngineKeys): Promise<unknown> {
    try {
      return await this.scripts.run('load', threeOf(keys), []);
    } catch (error) {
      const { message } = error as Error;
      if (message.includes('WRONGTYPE')) throw new CorruptError(message);
      throw error;
    }
  }

  /** Puts `snapshot`, of `sequence`, in place of the stored one and the `records` deltas after it. */
  async fold(
    keys: EngineKeys,
    from: {
      readonly incarnation: number;
      readonly base: number;
      readonly records: number;
      readonly bytes: number;
    },
    sequence: number,
    snapshot: Buffer,
    ttlMs: number,
  ): Promise<boolean> {
    const args = [ttlMs, from.incarnation, from.base, sequence, from.records, from.bytes, snapshot.length];
    return (await this.scripts.run('fold', threeOf(keys), [...args, ...piecesOf(snapshot)])) === 1;
  }

  async remove(keys: EngineKeys, incarnation: number | undefined, fenceMs: number): Promise<void> {
    await this.scripts.run('remove', fourOf(keys), [keys.member, incarnation ?? '', fenceMs]);
  }
}

function threeOf({ head, snapshot, log }: EngineKeys): string[] {
  return [head, snapshot, log];
}

function fourOf(keys: EngineKeys): string[] {
  return [keys.engines, ...threeOf(keys)];
}

function piecesOf(snapshot: Buffer): Buffer[] {
  return Array.from({ length: Math.ceil(snapshot.length / PIECE_BYTES) }, (_, i) =>
    snapshot.subarray(i * PIECE_BYTES, (i + 1) * PIECE_BYTES),
  );
}
