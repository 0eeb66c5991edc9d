import type { StoredEngine } from '@penstock/core/ports';
import { CorruptError } from '../packing/corrupt-error.js';
import { unpackDelta } from '../packing/delta-record.js';
import { foldBlocks } from '../packing/fold-blocks.js';
import { unpackSnapshot } from '../packing/snapshot.js';

export interface LoadedEngine {
  readonly engine: StoredEngine;
  /** Sequence that the stored snapshot contains. */
  readonly base: number;
  readonly logRecords: number;
  readonly logBytes: number;
}

/** Reads the answer of the `load` script. Undefined when nothing is stored; throws `CorruptError`. */
export function readLoadedEngine(engineId: string, answer: unknown): LoadedEngine | undefined {
  if (answer === null || answer === undefined) return undefined;
  if (!Array.isArray(answer) || answer.length !== 8) throw new CorruptError('the head is incomplete');
  const [incarnation, sequence, engineSequence, facts, base, snapshotBytes, pieces, log] =
    answer as unknown[];
  const position = {
    incarnation: integer(incarnation, 'incarnation'),
    sequence: integer(sequence, 'sequence'),
    // -1: no batch of this incarnation was there when it was written.
    engineSequence: integer(engineSequence, 'engine sequence', -1),
  };
  const records = bytesOf(log);
  const deltas = records.map(unpackDelta);
  let before = integer(base, 'base');
  for (const delta of deltas) {
    if (delta.incarnation !== position.incarnation || delta.sequence !== ++before) {
      throw new CorruptError(
        `the log holds ${delta.incarnation}/${delta.sequence} where ${position.incarnation}/${before} belongs`,
      );
    }
  }
  if (before !== position.sequence)
    throw new CorruptError(`the log ends at ${before}, not at ${position.sequence}`);
  const snapshot =
    integer(snapshotBytes, 'snapshot size') === 0
      ? { windowBlocks: 0, blocks: [] }
      : unpackSnapshot(Buffer.concat(bytesOf(pieces)));
  const { windowBlocks } = deltas.at(-1) ?? snapshot;
  return {
    engine: {
      engineId,
      ...position,
      facts: readFacts(facts),
      ...(windowBlocks > 0 ? { windowBlocks } : {}),
      blocks: foldBlocks(snapshot.blocks, deltas),
    },
    base: integer(base, 'base'),
    logRecords: records.length,
    logBytes: records.reduce((sum, record) => sum + record.length, 0),
  };
}

function bytesOf(list: unknown): Buffer[] {
  if (!Array.isArray(list) || !list.every(Buffer.isBuffer))
    throw new CorruptError('the snapshot or the log is missing');
  return list;
}

function integer(value: unknown, what: string, least = 0): number {
  const number = Number(String(value ?? ''));
  if (value === null || !Number.isSafeInteger(number) || number < least)
    throw new CorruptError(`the ${what} is no number`);
  return number;
}

function readFacts(value: unknown): Record<string, string> {
  try {
    const facts: unknown = JSON.parse(String(value));
    if (
      typeof facts === 'object' &&
      facts !== null &&
      Object.values(facts).every((fact) => typeof fact === 'string')
    ) {
      return facts as Record<string, string>;
    }
  } catch {
    // Reported below.
  }
  throw new CorruptError('the facts are not a JSON object of texts');
}
