/**
 * Why a chunk could not be moved, adopted or verified.
 *
 * - `missing`: no such copy
 * - `size`, `checksum`: the bytes are not what they should be
 * - `full`: no room on the target tier
 * - `unreadable`: the file system refuses, or it is no regular file
 * - `unreachable`: S3 does not answer, or does not let us in
 * - `busy`: too much is waiting already, or the checksum is not known yet
 * - `invalid`: it can never be done
 */
export type ProblemCode =
  | 'missing'
  | 'size'
  | 'checksum'
  | 'full'
  | 'unreadable'
  | 'unreachable'
  | 'busy'
  | 'invalid';

/** One sentence that names the copy and the cause. */
export class ChunkProblem extends Error {
  override readonly name = 'ChunkProblem';

  constructor(
    readonly code: ProblemCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
