import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Calls `send` for every arrival at its time (`timestampMs` ÷ speed after the start), whatever became of the ones
 * before: an open loop. Resolves when all have ended. Arrivals that are late (a slow machine) go out at once.
 * Rejects as soon as `signal` aborts.
 */
export async function openLoop<T extends { timestampMs: number }>(
  arrivals: readonly T[],
  speed: number,
  send: (arrival: T, ordinal: number) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const start = performance.now();
  const pending = new Set<Promise<void>>();
  for (let i = 0; i < arrivals.length && !signal?.aborted; i++) {
    const arrival = arrivals[i] as T;
    const waitMs = start + arrival.timestampMs / speed - performance.now();
    if (waitMs > 1) await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    if (signal?.aborted) break;
    const sent = send(arrival, i).finally(() => pending.delete(sent));
    pending.add(sent);
  }
  signal?.throwIfAborted();
  const stopped = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  await Promise.race([Promise.all(pending), stopped]);
}
