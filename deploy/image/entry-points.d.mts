/** What the image can run, by the name under which it lies in /app/bin: the file that Node is given. */
export const ENTRY_POINTS: Readonly<Record<string, string>>;
