import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { plainTable } from '../plain-table.js';
import type { BenchBar, BenchOptions, BenchResult } from './types.js';

/** The one JSON document of `npm run bench -- <name> --json`. */
export function benchDocument(result: BenchResult, options: BenchOptions): Record<string, unknown> {
  return {
    bench: result.bench,
    commit: commit(),
    params: { size: options.size, seed: options.seed, trace: options.trace ?? null, ...result.params },
    rows: result.rows,
    bars: result.bars.map(({ name, value, limit, holds }) => ({ name, value, limit, holds })),
    ...(result.notes?.length ? { notes: result.notes } : {}),
  };
}

/** The same as tables for people. */
export function benchTables(result: BenchResult, options: BenchOptions): string {
  const input = options.trace ? `trace ${options.trace}` : "the project's own generator (no --trace given)";
  const parts = [
    `${result.bench} · ${options.size} · seed ${options.seed} · input: ${input} · ${machine()} · commit ${commit().slice(0, 10)}`,
  ];
  const columns = [...new Set(result.rows.flatMap((row) => Object.keys(row)))];
  if (columns.length > 0) {
    const table = plainTable(columns);
    for (const row of result.rows) table.push(columns.map((column) => cell(row[column])));
    parts.push(table.toString());
  }
  if (result.bars.length > 0) {
    const table = plainTable(['bar', 'value', 'limit', 'holds']);
    for (const bar of result.bars) table.push([bar.name, cell(bar.value), bar.limit, verdict(bar)]);
    parts.push(table.toString());
  }
  return [...parts, ...(result.notes ?? [])].join('\n');
}

/** Bars that `--check` fails on. At tiny size only those that any machine must meet. */
export function brokenBars(result: BenchResult, options: BenchOptions): BenchBar[] {
  return result.bars.filter((bar) => bar.holds === false && (options.size !== 'tiny' || bar.portable));
}

const verdict = (bar: BenchBar) => (bar.holds === 'not run' ? 'not run' : bar.holds ? 'yes' : 'NO');

function cell(value: string | number | boolean | null | undefined): string {
  if (value === undefined || value === null) return '–';
  if (typeof value !== 'number') return String(value);
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function machine(): string {
  const all = cpus();
  return `${all.length} × ${all[0]?.model.trim() ?? 'unknown processor'}, Node ${process.versions.node}`;
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}
