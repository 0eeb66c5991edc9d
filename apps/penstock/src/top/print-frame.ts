import { type Column, columnTable, cut } from '../output/column-table.js';
import { paint } from '../output/paint.js';
import { readableBytes, readableCount, readableDuration, readableShare } from '../output/readable-figures.js';
import type { TopEngine, TopFrame, TopGang, TopTier } from './top-frame.js';

const ENGINE_COLUMNS: readonly Column<TopEngine>[] = [
  { head: 'engine', rank: 0, value: ({ engine }) => engine },
  { head: 'pool', rank: 6, value: ({ pool }) => pool },
  { head: 'role', rank: 7, value: ({ role }) => role ?? '–' },
  { head: 'ready', rank: 2, value: ({ ready }) => (ready === null ? '–' : ready ? 'yes' : 'no') },
  { head: 'running', rank: 1, align: 'right', value: ({ running }) => figure(running) },
  { head: 'queue', rank: 0, align: 'right', value: ({ waiting }) => figure(waiting) },
  { head: 'kv use', rank: 0, align: 'right', value: ({ kvUsage }) => readableShare(kvUsage) },
  { head: 'hits', rank: 1, align: 'right', value: ({ traffic }) => readableShare(traffic?.hitRatio) },
  {
    head: 'req/s',
    rank: 3,
    align: 'right',
    value: ({ traffic }) => traffic?.requestsPerSecond.toFixed(1) ?? '–',
  },
  { head: 'ttft p50', rank: 5, align: 'right', value: ({ traffic }) => duration(traffic?.ttftP50Ms) },
  { head: 'blocks', rank: 4, align: 'right', value: ({ blocks }) => figure(blocks) },
  { head: 'index', rank: 4, value: ({ index }) => index ?? '–' },
];

const GANG_COLUMNS: readonly Column<TopGang>[] = [
  { head: 'gang', rank: 0, value: ({ gang }) => gang },
  { head: 'state', rank: 0, value: ({ state }) => state },
  { head: 'bound', rank: 1, align: 'right', value: ({ boundPods, pods }) => `${boundPods}/${pods}` },
  {
    head: 'waiting',
    rank: 2,
    align: 'right',
    value: ({ waitingMs }) => (waitingMs > 0 ? readableDuration(waitingMs) : '–'),
  },
  { head: 'reason', rank: 3, value: ({ reason }) => reason || '–' },
];

const TIER_COLUMNS: readonly Column<TopTier>[] = [
  { head: 'node', rank: 0, value: ({ node }) => node ?? '–' },
  { head: 'tier', rank: 0, value: ({ tier }) => tier },
  { head: 'used', rank: 0, align: 'right', value: ({ usedBytes }) => readableBytes(usedBytes) },
  {
    head: 'capacity',
    rank: 1,
    align: 'right',
    value: ({ capacityBytes }) => (capacityBytes === null ? 'no limit' : readableBytes(capacityBytes)),
  },
  {
    head: 'full',
    rank: 1,
    align: 'right',
    value: ({ usedBytes, capacityBytes }) =>
      readableShare(capacityBytes === null ? null : usedBytes / capacityBytes),
  },
  { head: 'chunks', rank: 2, align: 'right', value: ({ chunks }) => readableCount(chunks) },
];

/** A frame for people, no line wider than `width` and at most `height` of them. */
export function printFrame(frame: TopFrame, width: number, height = Number.POSITIVE_INFINITY): string {
  const sections = [
    packed(headline(frame), width),
    ...(frame.engines.length > 0 ? [table(ENGINE_COLUMNS, frame.engines, width)] : []),
    ...(frame.gangs.length > 0 ? [table(GANG_COLUMNS, frame.gangs, width)] : []),
    ...(frame.tiers.length > 0 ? [table(TIER_COLUMNS, frame.tiers, width)] : []),
    ...(frame.problems.length > 0
      ? [frame.problems.map((problem) => paint('yellow', cut(`! ${problem}`, width)))]
      : []),
  ];
  const lines = sections.flatMap((section, i) => (i === 0 ? section : ['', ...section]));
  if (lines.length <= height) return lines.join('\n');
  const hidden = lines.length - height + 1;
  return [...lines.slice(0, height - 1), cut(`… ${hidden} more lines: the terminal is too low`, width)].join(
    '\n',
  );
}

function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width: number): string[] {
  const [head = '', ...rest] = columnTable(columns, rows, width).split('\n');
  return [paint('bold', head), ...rest];
}

function headline({ time, windowMs, traffic, pools }: TopFrame): string[] {
  const clock = time.slice(11, 19);
  if (!traffic) return [`${clock} UTC`, 'traffic is not known'];
  const inFlight = pools.reduce((sum, pool) => sum + pool.inFlight, 0);
  const held = pools.reduce((sum, pool) => sum + pool.held, 0);
  const tiers = Object.entries(traffic.hitRatioByTier).map(
    ([tier, share]) => `${tier} ${readableShare(share)}`,
  );
  return [
    `${clock} UTC`,
    `${inFlight} in flight`,
    `${held} waiting`,
    `last ${Math.round(windowMs / 1000)} s: ${traffic.requestsPerSecond.toFixed(1)} req/s`,
    `TTFT p50 ${duration(traffic.ttftP50Ms)}`,
    `hits ${readableShare(traffic.hitRatio)}${tiers.length > 0 ? ` (known ${tiers.join(', ')})` : ''}`,
    ...(traffic.failed > 0 ? [`${traffic.failed} failed`] : []),
  ];
}

/** As many parts on a line as fit. */
function packed(parts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 3 + part.length <= width)
      lines[lines.length - 1] = `${line} · ${part}`;
    else lines.push(cut(part, width));
  }
  return lines;
}

const figure = (value: number | null): string => (value === null ? '–' : readableCount(value));
const duration = (ms: number | null | undefined): string =>
  ms === null || ms === undefined ? '–' : readableDuration(ms);
