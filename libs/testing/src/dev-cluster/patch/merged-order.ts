/**
 * The order of the items of two lists when one is laid over the other: items of both are in the order of the one that
 * is laid over; items that only the other has keep their place between those, new ones come after what is there.
 *
 * @param live keys of the items that are there, each once
 * @param applied keys of the items laid over, each once
 */
export function mergedOrder(live: readonly string[], applied: readonly string[]): string[] {
  const isLive = new Set(live);
  const isApplied = new Set(applied);
  const shared = applied.filter((key) => isLive.has(key));
  const placed = new Set<string>();
  const order: string[] = [];
  let nextShared = 0;
  const place = (key: string): void => {
    order.push(key);
    placed.add(key);
    if (shared[nextShared] === key) nextShared += 1;
  };
  let l = 0;
  let a = 0;
  while (l < live.length || a < applied.length) {
    const [there, next] = [live[l], applied[a]];
    if (there === undefined) {
      place(next as string);
      a += 1;
    } else if (!isApplied.has(there)) {
      place(there);
      l += 1;
    } else if (there === next) {
      place(there);
      l += 1;
      a += 1;
    } else if (placed.has(there) || (next !== undefined && shared[nextShared] !== there)) {
      // It has its place already, or gets it when the items before it in the applied order have theirs.
      l += 1;
    } else {
      place(next as string);
      a += 1;
    }
  }
  return order;
}
