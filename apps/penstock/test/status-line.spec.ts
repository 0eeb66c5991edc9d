import { describe, expect, it } from '@jest/globals';
import { readTotals, statusLine } from '../src/suite/status-line.js';

const page = (requests: number, fast: number, slow: number) => `# HELP penstock_scheduler_requests_total x
# TYPE penstock_scheduler_requests_total counter
penstock_scheduler_requests_total{pool="a/b",model="m",status="200"} ${requests}
penstock_scheduler_in_flight_requests{pool="a/b"} 2
penstock_scheduler_prompt_tokens_total{pool="a/b"} ${requests * 100}
penstock_scheduler_cached_tokens_total{pool="a/b"} ${requests * 25}
penstock_scheduler_time_to_first_token_seconds_bucket{le="0.1",pool="a/b"} ${fast}
penstock_scheduler_time_to_first_token_seconds_bucket{le="1",pool="a/b"} ${fast + slow}
penstock_scheduler_time_to_first_token_seconds_bucket{le="+Inf",pool="a/b"} ${fast + slow}
`;

describe('status line', () => {
  it('adds up the schedulers', () => {
    const totals = readTotals(`${page(10, 4, 6)}\n${page(5, 5, 0)}`);
    expect(totals).toMatchObject({ requests: 15, inFlight: 4, promptTokens: 1500, cachedTokens: 375 });
    expect(totals.ttftBuckets.get(0.1)).toBe(9);
  });

  it('speaks about what came since the reading before', () => {
    const line = statusLine(readTotals(page(10, 10, 0)), readTotals(page(30, 12, 18)), 2000, 10);
    expect(line).toContain('10.0 req/s');
    expect(line).toContain('TTFT p50 ≤ 10 s (virtual)');
    expect(line).toContain('prefix hits 25 %');
  });

  it('has dashes when nothing came', () => {
    const totals = readTotals(page(10, 10, 0));
    expect(statusLine(totals, totals, 2000, 1)).toContain('0.0 req/s · TTFT p50 – · prefix hits –');
  });
});
