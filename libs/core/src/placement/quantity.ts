const DECIMAL = 'numkMGTPE';
const BINARY = 'KMGTPE';
const QUANTITY = /^\+?(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,2})|([numkMGTPE]|[KMGTPE]i))?$/;

/**
 * A Kubernetes quantity (`500m`, `2`, `16Gi`, `1e3`) in whole units: thousandths of a core for `cpu`, else bytes or
 * pieces. Exact; what is left over is rounded `up` for what is asked and `down` for what is offered.
 * Throws for anything that is not a non-negative quantity.
 */
export function quantityUnits(resource: string, quantity: string | number, rounding: 'up' | 'down'): number {
  const match = QUANTITY.exec(String(quantity));
  const [, whole = '', fraction = '', exponent = '0', suffix = ''] = match ?? [];
  if (!match || whole + fraction === '')
    throw new Error(`"${quantity}" is no amount of ${resource}: write e.g. 2, 500m or 16Gi`);
  let above = BigInt(whole + fraction) * (resource === 'cpu' ? 1000n : 1n);
  let below = 10n ** BigInt(fraction.length);
  if (suffix.endsWith('i')) above *= 1024n ** BigInt(BINARY.indexOf(suffix[0] as string) + 1);
  const power = suffix.endsWith('i') ? 0 : powerOf(suffix) + Number(exponent);
  if (power >= 0) above *= 10n ** BigInt(power);
  else below *= 10n ** BigInt(-power);
  return Number(rounding === 'up' ? (above + below - 1n) / below : above / below);
}

/** Power of ten that a decimal suffix stands for: n = -9, m = -3, k = 3, E = 18. */
function powerOf(suffix: string): number {
  if (suffix === '') return 0;
  const place = DECIMAL.indexOf(suffix);
  return place < 3 ? (place - 3) * 3 : (place - 2) * 3;
}
