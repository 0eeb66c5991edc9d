const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The value of a resource quantity such as `500m`, `2`, `16Gi` or `1e3`; NaN for anything else. */
export function parseQuantity(quantity: unknown): number {
  const match = /^([+-]?\d*\.?\d+(?:[eE][+-]?\d+)?)([numkMGTPE]|[KMGTPE]i)?$/.exec(String(quantity));
  return match ? Number(match[1]) * (FACTORS[match[2] ?? ''] ?? Number.NaN) : Number.NaN;
}

const DECIMAL_SUFFIXES = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
/** Amounts are kept in billionths: the finest a quantity can be. */
const NANO = 1_000_000_000n;

/**
 * A quantity as the real server writes it: the largest suffix of its own kind that needs no fraction (`1000m` → `1`,
 * `1.5Gi` → `1536Mi`), finer than a billionth rounded up. Undefined for what is no quantity.
 */
export function canonicalQuantity(text: string): string | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i))?$/.exec(text);
  const [, sign = '', whole = '', fraction = '', exponent, suffix = ''] = match ?? [];
  if (!match || whole + fraction === '') return undefined;
  let nanos = BigInt(whole + fraction) * NANO;
  let divisor = 10n ** BigInt(fraction.length);
  const power =
    Number(exponent ?? 0) + (DECIMAL_SUFFIXES.indexOf(suffix) - 3) * (suffix.endsWith('i') ? 0 : 3);
  if (suffix.endsWith('i')) nanos *= 1024n ** BigInt(BINARY_SUFFIXES.indexOf(suffix));
  else if (power >= 0) nanos *= 10n ** BigInt(power);
  else divisor *= 10n ** BigInt(-power);
  nanos = (nanos + divisor - 1n) / divisor;
  if (nanos === 0n) return '0';
  const isBinary = suffix.endsWith('i') && nanos % NANO === 0n && nanos >= 1024n * NANO;
  const amount = isBinary ? largestBinary(nanos / NANO) : largestDecimal(nanos, exponent !== undefined);
  return (sign === '-' ? '-' : '') + amount;
}

function largestBinary(units: bigint): string {
  let at = 0;
  for (; units % 1024n === 0n && at < BINARY_SUFFIXES.length - 1; at++) units /= 1024n;
  return `${units}${BINARY_SUFFIXES[at]}`;
}

function largestDecimal(nanos: bigint, asExponent: boolean): string {
  let at = 0;
  for (; nanos % 1000n === 0n && at < DECIMAL_SUFFIXES.length - 1; at++) nanos /= 1000n;
  const exponent = (at - 3) * 3;
  if (asExponent) return exponent === 0 ? String(nanos) : `${nanos}e${exponent}`;
  return `${nanos}${DECIMAL_SUFFIXES[at]}`;
}
