/** Quantile q (0–1) of ascending values by linear interpolation; NaN when there are none. */
export function quantile(ascending: ArrayLike<number>, q: number): number {
  if (ascending.length === 0) return Number.NaN;
  const at = q * (ascending.length - 1);
  const low = ascending[Math.floor(at)]!;
  const high = ascending[Math.ceil(at)]!;
  return low + (high - low) * (at - Math.floor(at));
}
