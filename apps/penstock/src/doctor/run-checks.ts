import type { Check, Finding } from './finding.js';
import { splitSentence } from './split-sentence.js';

/** Runs all checks at once; what they found, in the order of the checks. A check that takes too long has failed. */
export async function runChecks(checks: readonly Check[], timeoutMs: number): Promise<Finding[]> {
  const found = await Promise.all(checks.map((check) => within(check, timeoutMs)));
  return found.flat();
}

async function within({ area, run }: Check, timeoutMs: number): Promise<readonly Finding[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took longer than ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([run(), late]);
  } catch (error) {
    const { detail, fix } = splitSentence(error, 'look at its log, or give it longer with --timeout');
    return [{ area, name: area, status: 'fail', detail, fix }];
  } finally {
    clearTimeout(timer);
  }
}
