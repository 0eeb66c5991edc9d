/** One JSON line on stderr for a fault nobody else hears of: which part failed, at what, and why. */
export function reportFault(part: string, what: string, error: unknown): void {
  const why = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${JSON.stringify({ level: 'error', part, what, error: why })}\n`);
}
