import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';

/** Asks until the answer is true. Throws `what` and the last error when `timeoutMs` have passed. */
export async function waitUntil(
  what: string,
  check: () => Promise<boolean>,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let last = '';
  for (;;) {
    signal?.throwIfAborted();
    try {
      if (await check()) return;
    } catch (error) {
      last = (error as Error).message;
    }
    if (performance.now() > deadline)
      throw new Error(`${what} took longer than ${Math.round(timeoutMs / 1000)} s${last ? `: ${last}` : ''}`);
    await sleep(50);
  }
}

/** True when a server answers HTTP at all. */
export async function answersHttp(url: string): Promise<boolean> {
  const { body } = await request(url, { signal: AbortSignal.timeout(2000) });
  await body.dump();
  return true;
}

/** True when a GET answers 200. */
export async function answers(url: string): Promise<boolean> {
  const { statusCode, body } = await request(url, { signal: AbortSignal.timeout(2000) });
  await body.dump();
  return statusCode === 200;
}
