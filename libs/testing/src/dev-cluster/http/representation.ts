import { refuse } from '../object/refusals.js';

/** How the client wants objects: as they are, as rows for people, or only their metadata. */
export type Representation = 'object' | 'table' | 'metadata';

/**
 * The best representation an Accept header asks for.
 *
 * @throws ApiError 406 when it takes no JSON at all
 */
export function representationOf(accept: string | undefined): Representation {
  if (!accept) return 'object';
  for (const range of accept.split(',')) {
    const [type, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    if (type !== 'application/json' && type !== 'application/*' && type !== '*/*') continue;
    const as = parameters.find((p) => p.startsWith('as='))?.slice(3);
    if (as === 'table') return 'table';
    if (as === 'partialobjectmetadata' || as === 'partialobjectmetadatalist') return 'metadata';
    if (as === undefined) return 'object';
  }
  throw refuse.notAcceptable('application/json');
}
