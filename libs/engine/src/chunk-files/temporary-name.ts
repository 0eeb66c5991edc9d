import { randomBytes } from 'node:crypto';

const RANDOM_BYTES = 8;
const TEMPORARY = /^[0-9a-f]{16,128}\.bin_([^/]+)\.tmp$/;

/**
 * Name under which a chunk is written before it is renamed: `<name>_<random>.tmp`, as vLLM does.
 * @param writer put before the random part, so that a writer finds its own leftovers
 */
export function temporaryName(name: string, writer = ''): string {
  return `${name}_${writer}${randomBytes(RANDOM_BYTES).toString('hex')}.tmp`;
}

/** Whether a file name is that of a chunk being written: by anyone, or by one writer. */
export function isTemporaryName(name: string, writer = ''): boolean {
  return TEMPORARY.exec(name)?.[1]?.startsWith(writer) ?? false;
}
