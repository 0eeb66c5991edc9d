/** What a link from storage to the GPU gives one engine. */
export interface LoadLink {
  readonly bytesPerSecond: number;
  /** Before the first byte. */
  readonly latencyMs: number;
}

/**
 * How long consecutive chunks take on an idle link, in ms, up to and including each: bytes ÷ bandwidth, and the latency
 * of every link once, since later reads of a run are on their way while earlier ones arrive.
 * @param links the link of each chunk; equal ones are the same object
 */
export function chunkLoadTimes(links: readonly LoadLink[], chunkBytes: number): Float64Array {
  const times = new Float64Array(links.length);
  const used = new Set<LoadLink>();
  let ms = 0;
  links.forEach((link, i) => {
    if (!used.has(link)) ms += link.latencyMs;
    used.add(link);
    ms += (chunkBytes / link.bytesPerSecond) * 1000;
    times[i] = ms;
  });
  return times;
}
