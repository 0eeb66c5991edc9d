const BUCKET_MS = 60_000;
const BUCKETS = 5;

interface Totals {
  requests: number;
  input: number;
  output: number;
}

interface Bucket extends Totals {
  readonly index: number;
}

/** Tokens of the requests of the last five minutes, in whole-minute buckets. */
export class RecentTokens {
  private readonly buckets: Bucket[] = [];

  add(atMs: number, requests: number, input: number, output: number): void {
    const index = Math.floor(atMs / BUCKET_MS);
    let bucket = this.buckets.find((known) => known.index === index);
    if (!bucket) {
      bucket = { index, requests: 0, input: 0, output: 0 };
      this.buckets.push(bucket);
      this.buckets.sort((a, b) => a.index - b.index);
      if (this.buckets.length > BUCKETS) this.buckets.shift();
    }
    bucket.requests += requests;
    bucket.input += input;
    bucket.output += output;
  }

  private sum(nowMs: number): Totals {
    const oldest = Math.floor(nowMs / BUCKET_MS) - BUCKETS;
    return this.buckets.filter((bucket) => bucket.index > oldest).reduce(plus, NOTHING);
  }

  /** Means over several windows together; undefined before the first request within reach. */
  static meansOf(
    windows: readonly RecentTokens[],
    nowMs: number,
  ): { input: number; output: number } | undefined {
    const { requests, input, output } = windows.map((window) => window.sum(nowMs)).reduce(plus, NOTHING);
    return requests > 0 ? { input: input / requests, output: output / requests } : undefined;
  }
}

const NOTHING: Totals = { requests: 0, input: 0, output: 0 };

function plus(a: Totals, b: Totals): Totals {
  return { requests: a.requests + b.requests, input: a.input + b.input, output: a.output + b.output };
}
