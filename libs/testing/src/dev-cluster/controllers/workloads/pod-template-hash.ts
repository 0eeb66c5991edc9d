import type { Json } from '../../object/api-object.js';
import { isObject } from '../../object/json.js';

/** No vowels and no look-alikes, as in generated names. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** The label that tells the pods of one revision of a template from those of another. */
export const HASH_LABEL = 'pod-template-hash';

/**
 * A short name of a pod template: 32-bit FNV-1a of its canonical JSON. Not the number that kube-controller-manager
 * gives, which depends on how Go prints its types; nothing may rely on that.
 *
 * @param collisionCount how often this name turned out to be taken by another template
 */
export function podTemplateHash(template: Json, collisionCount: number): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(canonical(template) + (collisionCount || ''))) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return [...String(hash)].map((digit) => ALPHABET[digit.charCodeAt(0) % ALPHABET.length]).join('');
}

function canonical(value: Json | undefined): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value ?? null);
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  return `{${keys
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)
    .join(',')}}`;
}
