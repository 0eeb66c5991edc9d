/** What was measured of one way to keep the index; absent = not measured. */
export interface IndexFigures {
  readonly what: string;
  readonly engines: number;
  readonly pairs?: number;
  readonly loadPairsPerSecond?: number;
  readonly deltaOpsPerSecond?: number;
  readonly ingestOpsPerSecond?: number;
  readonly lookupP50Us?: number;
  readonly lookupP99Us?: number;
  readonly bytesPerPair?: number;
}

/** Values at half and at 99 % of the way, in microseconds, of times in milliseconds. */
export function percentiles(timesMs: readonly number[]): { lookupP50Us: number; lookupP99Us: number } {
  const sorted = [...timesMs].sort((a, b) => a - b);
  const at = (share: number) => 1000 * (sorted[Math.ceil(share * sorted.length) - 1] as number);
  return { lookupP50Us: at(0.5), lookupP99Us: at(0.99) };
}

/** Seconds of processor time that `work` takes, of all threads together: what it takes of one core that it has for itself. */
export function coreSeconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
