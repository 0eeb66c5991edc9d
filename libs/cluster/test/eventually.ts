import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until the condition holds; throws with what it last saw after `limitMs`. */
export async function eventually<T>(
  read: () => T,
  accept: (value: T) => boolean,
  limitMs = 5000,
): Promise<T> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const value = read();
    if (accept(value)) return value;
    if (performance.now() > endMs) throw new Error(`not so within ${limitMs} ms: ${JSON.stringify(value)}`);
    await sleep(5);
  }
}
