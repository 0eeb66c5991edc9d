import type { Endpoint } from '@penstock/cluster';
import type { RestoredCache } from '@penstock/core/kv';
import type { StoredEngine } from '@penstock/core/ports';
import { decodeFacts, isSameProcess } from './engine-facts.js';

/** What a follower starts from. */
export interface StartingPoint {
  /** Largest incarnation known to have been used; 0 when none is. */
  readonly incarnationAfter: number;
  readonly blockSize?: number;
  readonly restored?: RestoredCache;
  /** What is stored is of a process that is not there any more: so is what was published of it. */
  readonly isOfAnother?: boolean;
}

/** Decides what of an engine's stored state may be used: all of it, or only its incarnation. */
export function startingPoint(
  stored: StoredEngine | undefined,
  endpoint: Endpoint,
  model: string,
): StartingPoint {
  if (!stored) return { incarnationAfter: 0 };
  const { incarnation: incarnationAfter, engineSequence, blocks } = stored;
  const facts = decodeFacts(stored.facts);
  const isOfAnother = facts !== undefined && (facts.model !== model || !isSameProcess(facts, endpoint));
  if (isOfAnother) return { incarnationAfter, isOfAnother };
  if (!facts?.landmark || engineSequence < facts.landmark.sequence) return { incarnationAfter };
  const { landmark, blockSize, groups } = facts;
  return { incarnationAfter, blockSize, restored: { blocks, engineSequence, landmark, groups } };
}
