const SUFFIXES: Readonly<Record<string, readonly [base: bigint, power: number]>> = {
  n: [10n, -9],
  u: [10n, -6],
  m: [10n, -3],
  '': [10n, 0],
  k: [10n, 3],
  M: [10n, 6],
  G: [10n, 9],
  T: [10n, 12],
  P: [10n, 15],
  E: [10n, 18],
  Ki: [1024n, 1],
  Mi: [1024n, 2],
  Gi: [1024n, 3],
  Ti: [1024n, 4],
  Pi: [1024n, 5],
  Ei: [1024n, 6],
};
const SYNTAX = /^([+-]?)(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i))?$/;
const NANO = 1_000_000_000n;

/** A resource quantity without rounding above a billionth, which is the finest that Kubernetes keeps. */
export class ExactQuantity {
  private constructor(readonly nanos: bigint) {}

  static ofNumber(whole: bigint): ExactQuantity {
    return new ExactQuantity(whole * NANO);
  }

  /** Undefined for what is no quantity. */
  static parse(text: string): ExactQuantity | undefined {
    const [, sign, digits, exponent, suffix = ''] = SYNTAX.exec(text) ?? [];
    if (digits === undefined) return undefined;
    const [whole = '', fraction = ''] = digits.split('.');
    const [base, power] = exponent === undefined ? (SUFFIXES[suffix] ?? [10n, 0]) : [10n, Number(exponent)];
    const factor = base ** BigInt(Math.abs(power));
    const unscaled = BigInt(whole + fraction) * NANO * (power >= 0 ? factor : 1n);
    const divisor = 10n ** BigInt(fraction.length) * (power >= 0 ? 1n : factor);
    // Finer than a billionth is rounded up, away from zero.
    const nanos = (unscaled + divisor - 1n) / divisor;
    return new ExactQuantity(sign === '-' ? -nanos : nanos);
  }

  plus(other: ExactQuantity): ExactQuantity {
    return new ExactQuantity(this.nanos + other.nanos);
  }

  minus(other: ExactQuantity): ExactQuantity {
    return new ExactQuantity(this.nanos - other.nanos);
  }

  get isInteger(): boolean {
    return this.nanos % NANO === 0n;
  }

  get integer(): bigint {
    return this.nanos / NANO;
  }

  get approximate(): number {
    return Number(this.nanos) / 1e9;
  }

  /** Its nanos, so that two of one size are equal to CEL. */
  valueOf(): bigint {
    return this.nanos;
  }
}
