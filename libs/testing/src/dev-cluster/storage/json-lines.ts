/**
 * Reads JSON lines. A last line without its newline, or one that is not JSON, is a write that never finished
 * and is left out.
 *
 * @param path only for messages
 * @returns the lines and how many bytes of the input they span
 * @throws Error naming file and line when an earlier line is not JSON
 */
export function parseJsonLines<T>(bytes: Buffer, path: string): { lines: T[]; validBytes: number } {
  const lines: T[] = [];
  let start = 0;
  for (let end = bytes.indexOf(10, start); end !== -1; end = bytes.indexOf(10, start)) {
    try {
      lines.push(JSON.parse(bytes.toString('utf8', start, end)) as T);
    } catch (error) {
      if (end === bytes.length - 1) break;
      throw new Error(
        `${path} line ${lines.length + 1} is not JSON (${(error as Error).message}); ` +
          'repair the line or move the data directory away to start with an empty cluster',
      );
    }
    start = end + 1;
  }
  return { lines, validBytes: start };
}
