import type { BenchBar, BenchOptions } from '../types.js';
import type { Line } from './rows.js';
import { GPU_ONLY, ONE_DISK_GATED, ONE_DISK_UNGATED, type Storage, THREE_TIERS } from './storage.js';

/**
 * The bars of the bench. Everything is virtual time, hence the same on any machine. Those on trace M are about the whole
 * trace; the other one holds on whatever input there is.
 */
export function tiersBars(lines: readonly Line[], { size, trace }: BenchOptions): BenchBar[] {
  const fleets = [...new Set(lines.map(({ job }) => job.engines))];
  const p90 = (engines: number, storage: Storage): number =>
    lines.find(({ job }) => job.engines === engines && job.storage.name === storage.name)!.figures.ttftMs.p90;
  const atMostOne = (name: string, value: number, runs: boolean): BenchBar => ({
    name,
    value: runs ? value : null,
    limit: '<= 1',
    holds: runs ? value <= 1 : 'not run',
    portable: true,
  });
  const onTrace = trace !== undefined && size !== 'tiny';
  const first = fleets[0]!;
  return [
    ...fleets.map((engines) =>
      atMostOne(
        `M 1× on ${engines}: TTFT p90 with three tiers ÷ GPU only`,
        p90(engines, THREE_TIERS) / p90(engines, GPU_ONLY),
        onTrace,
      ),
    ),
    atMostOne(
      `${trace ? 'this trace' : 'generator'} on ${first}: TTFT p90 with three tiers ÷ GPU only`,
      p90(first, THREE_TIERS) / p90(first, GPU_ONLY),
      true,
    ),
    atMostOne(
      `M 1× on ${first}, one disk: TTFT p90 with the load gate ÷ without it`,
      p90(first, ONE_DISK_GATED) / p90(first, ONE_DISK_UNGATED),
      onTrace,
    ),
  ];
}
