/**
 * A quarter of the values are below it. Of times, what a busy machine adds hardly shows; the nearest value below is taken.
 */
export function lowerQuartile(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 4)] as number;
}
