import { type Column, columnTable } from '../output/column-table.js';
import { paint } from '../output/paint.js';
import { readableCount, readableDuration } from '../output/readable-figures.js';
import { wrap } from '../output/wrap.js';
import type { CandidateExplanation, Explanation } from './explanation.js';

/** An explanation for people, no line wider than `width`. */
export function printExplanation(explanation: Explanation, nowMs: number, width: number): string {
  const facts = factsOf(explanation, nowMs).flatMap(([name, value]) =>
    wrap(`${name.padEnd(9, '\u00a0')} ${value}`, width, 10).map((line) => line.replaceAll('\u00a0', ' ')),
  );
  return [...facts, '', candidatesOf(explanation, width)].join('\n').trimEnd();
}

function factsOf(e: Explanation, nowMs: number): Array<[string, string]> {
  const age = Math.max(0, nowMs - Date.parse(e.time));
  const leftOut = Object.entries(e.excluded);
  const facts: Array<[string, string]> = [
    ['request', e.requestId],
    ['decided', `${e.time}, ${readableDuration(age)} ago, by ${e.scheduler}`],
    ['model', e.model === e.targetModel ? e.model : `${e.model}, sent as ${e.targetModel}`],
    ['pool', e.pool === null ? 'none' : `${e.pool}, policy ${e.policy}`],
    ['engine', e.endpoint === null ? paint('red', 'none: rejected') : paint('green', engineOf(e))],
    ['why', e.reason],
  ];
  if (e.waitedMs > 0) facts.push(['waited', `${readableDuration(e.waitedMs)} for an engine`]);
  facts.push(['prompt', promptOf(e)]);
  if (e.margin !== null) facts.push(['margin', marginOf(e.margin, e.ties)]);
  facts.push(['data', `load figures ${ageOf(e.loadAgeMs)}, view of the engine's cache ${ageOf(e.kvAgeMs)}`]);
  if (leftOut.length > 0)
    facts.push(['left out', leftOut.map(([reason, count]) => `${count} ${reason}`).join(', ')]);
  return facts;
}

function engineOf({ endpoint, engine, node }: Explanation): string {
  const what = [engine, node && `on ${node}`].filter(Boolean).join(' ');
  return what === '' ? String(endpoint) : `${endpoint}, ${what}`;
}

function promptOf(e: Explanation): string {
  const tokens = `${readableCount(e.promptTokens)} tokens, ${readableCount(e.matchedTokens)} known to be held`;
  const tiers = Object.entries(e.matchedByTier ?? {}).map(
    ([tier, count]) => `${tier} ${readableCount(count)}`,
  );
  const where = [...(e.prefixSource ? [e.prefixSource] : []), ...tiers].join(', ');
  return where === '' ? tokens : `${tokens} (${where})`;
}

const marginOf = (margin: number, ties: number): string =>
  ties > 1 ? `none: ${ties} candidates have the best total` : `${margin.toFixed(3)} above the next candidate`;

const ageOf = (ms: number | null): string => (ms === null ? 'not there' : `${readableDuration(ms)} old`);

function candidatesOf({ candidates }: Explanation, width: number): string {
  if (candidates.length === 0)
    return 'no candidates on record: the full record was not kept, or there was none';
  const scorers = [...new Set(candidates.flatMap(({ scores }) => Object.keys(scores)))];
  const columns: Column<CandidateExplanation>[] = [
    { head: '', rank: 0, value: ({ chosen }) => (chosen ? '→' : '') },
    { head: 'candidate', rank: 0, value: ({ endpoint }) => endpoint },
    { head: 'total', rank: 0, align: 'right', value: ({ total }) => total.toFixed(3) },
    ...scorers.map((scorer, i) => ({
      head: scorer,
      rank: 2 + i,
      align: 'right' as const,
      value: ({ scores }: CandidateExplanation) => scores[scorer]?.toFixed(3) ?? '–',
    })),
    {
      head: 'weighed tokens',
      rank: 1,
      align: 'right',
      value: ({ matchedTokens }) => readableCount(matchedTokens),
    },
  ];
  return columnTable(columns, candidates, width);
}
