import { createHash } from 'node:crypto';
import { type PlainJson, pythonJson } from './python-json.js';

const DIGEST_DIGITS = 12;

/**
 * Digest of a layout's fields as vLLM computes it: the first 12 hexadecimal digits of SHA-256 over
 * `json.dumps(fields, sort_keys=True, separators=(",", ":"))`.
 */
export function layoutDigest(fields: { readonly [field: string]: PlainJson }): string {
  return createHash('sha256')
    .update(pythonJson(fields, { sortKeys: true }))
    .digest('hex')
    .slice(0, DIGEST_DIGITS);
}
