/** Requests of one step that are under way at the same time. */
const CHUNK = 16;

/** Runs the items in order, some at a time; an error stops those that come after. */
export async function inChunks<T>(items: readonly T[], run: (item: T) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < items.length; at += CHUNK) {
    await Promise.all(items.slice(at, at + CHUNK).map(run));
  }
}
