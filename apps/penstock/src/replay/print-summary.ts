import { plainTable } from '../plain-table.js';
import type { ReplaySummary } from './summary.js';

/** The summaries of one or more replays of the same requests, side by side. */
export function printSummaries(summaries: readonly ReplaySummary[]): string {
  const first = summaries[0];
  if (!first) return '';
  const table = plainTable(['', ...summaries.map((s) => s.policy)]);
  const row = (name: string, value: (s: ReplaySummary) => string) =>
    table.push([name, ...summaries.map(value)]);
  row('requests', (s) => String(s.requests));
  row('failures', (s) => String(s.failures));
  row('connection retries', (s) => String(s.connectionRetries));
  row('TTFT p50 / p90 / p99', (s) => milliseconds(s.ttftMs));
  row('inter-token p50 / p90 / p99', (s) => milliseconds(s.interTokenMs));
  row('output tokens', (s) => String(s.outputTokens));
  row('output tok/s', (s) => s.outputTokensPerSecond.toFixed(1));
  row('prefix hit ratio', (s) => `${(s.prefixHitRatio * 100).toFixed(1)} %`);
  row('duration', (s) => `${s.virtualSeconds.toFixed(0)} s`);
  for (const engine of [...new Set(summaries.flatMap((s) => Object.keys(s.shareByEngine)))].sort()) {
    row(
      `share ${engine || '(unknown engine)'}`,
      (s) => `${((s.shareByEngine[engine] ?? 0) * 100).toFixed(1)} %`,
    );
  }
  const lines = [`${first.source}: times are virtual (wall time × speed ${first.speed})`, table.toString()];
  for (const summary of summaries) {
    for (const [reason, count] of Object.entries(summary.failureReasons))
      lines.push(`${summary.policy}: ${count} × ${reason}`);
  }
  return lines.join('\n');
}

const milliseconds = ({ p50, p90, p99 }: ReplaySummary['ttftMs']) =>
  `${p50.toFixed(1)} / ${p90.toFixed(1)} / ${p99.toFixed(1)} ms`;
