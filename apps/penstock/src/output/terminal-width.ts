/** Columns of the terminal; unlimited when standard output is none, so that nothing is cut in a file or pipe. */
export function terminalWidth(): number {
  if (!process.stdout.isTTY) return Number.POSITIVE_INFINITY;
  return Math.max(20, process.stdout.columns || 80);
}
