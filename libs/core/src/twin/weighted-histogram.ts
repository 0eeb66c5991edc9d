const LOWEST = 0.01;
const BINS_PER_E = 200;
const BINS = 4000;

/** Counts of positive values in bins 0.5 % wide, from 0.01 up: quantiles of millions of values in little memory. */
export class WeightedHistogram {
  private readonly counts = new Float64Array(BINS);
  total = 0;

  add(value: number, count = 1): void {
    const bin = Math.round(Math.log(Math.max(value, LOWEST) / LOWEST) * BINS_PER_E);
    this.counts[Math.min(bin, BINS - 1)]! += count;
    this.total += count;
  }

  merge(other: WeightedHistogram): void {
    for (let bin = 0; bin < BINS; bin++) this.counts[bin]! += other.counts[bin]!;
    this.total += other.total;
  }

  /** Value below which a share `q` (0–1) of the counts lies, to 0.25 %; NaN when empty. */
  quantile(q: number): number {
    if (this.total === 0) return Number.NaN;
    let left = q * this.total;
    let bin = 0;
    while (bin < BINS - 1 && left > this.counts[bin]!) left -= this.counts[bin++]!;
    return LOWEST * Math.exp(bin / BINS_PER_E);
  }
}
