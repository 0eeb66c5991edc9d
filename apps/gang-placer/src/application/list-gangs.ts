import { type GangSummary, gangSummary } from '../placement/gang-summary.js';
import type { PlacementPart } from '../placement/placement-part.js';

export interface GangPage {
  readonly gangs: readonly GangSummary[];
  /** Of all pages. */
  readonly total: number;
}

/** Gangs in the order of namespace and name. */
export function listGangs(
  part: PlacementPart,
  { namespace, offset, limit }: { namespace: string; offset: number; limit: number },
  nowMs: number,
): GangPage {
  const keys = part.keys().filter((key) => namespace === '' || key.startsWith(`${namespace}/`));
  const gangs = keys.slice(offset, offset + limit).flatMap((key) => {
    const state = part.look(key);
    return state ? [gangSummary(state, part.waiting.get(key)?.message ?? '', nowMs)] : [];
  });
  return { gangs, total: keys.length };
}
