/** One rung: a Poisson process at `perSecond` for `seconds`. */
export interface Rung {
  readonly perSecond: number;
  readonly seconds: number;
}

/** Request rates of llm-d's precise-prefix-cache benchmark, after a warm-up of 15/s for 50 s. */
export const LADDER: readonly Rung[] = [
  [15, 50],
  [3, 20],
  [10, 20],
  [15, 20],
  [20, 38],
  [22, 34],
  [25, 30],
  [30, 25],
  [35, 21],
  [40, 38],
  [43, 36],
  [46, 33],
  [49, 30],
  [52, 29],
  [55, 27],
  [57, 26],
  [60, 25],
].map(([perSecond, seconds]) => ({ perSecond: perSecond!, seconds: seconds! }));

/** Name of the first rung's stage: its figures are not judged. */
export const WARM_UP = 'warm-up';

/** `15/s`, or the name of the warm-up for the first rung. */
export const rungName = (rung: Rung, index: number): string =>
  index === 0 ? WARM_UP : `${rung.perSecond}/s`;
