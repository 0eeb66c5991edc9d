import { ChunkProblem } from './chunk-problem.js';

const FULL = new Set(['ENOSPC', 'EDQUOT']);
const GONE = new Set(['ENOENT', 'ENOTDIR']);

/** An error met while reading a file. */
export function explainReadError(error: unknown, file: string): ChunkProblem {
  if (error instanceof ChunkProblem) return error;
  const code = codeOf(error);
  if (GONE.has(code)) return new ChunkProblem('missing', `${file} is not there`, { cause: error });
  return new ChunkProblem('unreadable', `${file} cannot be read (${code})`, { cause: error });
}

/** An error met while writing a file: its absence is no answer, and a full disk is one. */
export function explainWriteError(error: unknown, file: string): ChunkProblem {
  if (error instanceof ChunkProblem) return error;
  const code = codeOf(error);
  if (FULL.has(code))
    return new ChunkProblem('full', `there is no space left for ${file} (${code})`, { cause: error });
  return new ChunkProblem('unreadable', `${file} cannot be written (${code})`, { cause: error });
}

function codeOf(error: unknown): string {
  const { code, message } = (error ?? {}) as NodeJS.ErrnoException;
  return code ?? message ?? String(error);
}
