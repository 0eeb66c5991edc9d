import { ServiceError } from '@penstock/platform';

/** A JSON object as it came; whole numbers that a double cannot hold are bigints. */
export function readBody(body: unknown): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.isBuffer(body) ? body.toString('utf8') : '');
  } catch {
    throw new ServiceError('invalid-argument', 'is no JSON', 'body', 'send a JSON object');
  }
  return objectOf(value);
}

/** As `readBody`, for hashes: a 64-bit number in JSON is more than a double can hold. */
export function readBodyWithHashes(body: unknown): Record<string, unknown> {
  const text = Buffer.isBuffer(body) ? body.toString('utf8') : '';
  try {
    return objectOf(JSON.parse(text, exactly));
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    throw new ServiceError('invalid-argument', 'is no JSON', 'body', 'send a JSON object');
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new ServiceError('invalid-argument', 'is no JSON object', 'body', 'send {…}');
}

function exactly(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== 'number' || Number.isSafeInteger(value) || source === undefined) return value;
  return /^-?\d{1,40}$/.test(source) ? BigInt(source) : value;
}
