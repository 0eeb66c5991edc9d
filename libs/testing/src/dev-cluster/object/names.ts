import { randomInt, randomUUID } from 'node:crypto';
import type { Cause } from './api-error.js';

/** No vowels and no look-alikes, as the real server, so that suffixes spell nothing. */
const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
const MAX_NAME_LENGTH = 253;
const MAX_LABEL_LENGTH = 63;

export const newUid = (): string => randomUUID();

/** `base` cut to fit, plus five random characters (metadata.generateName). */
export function generateName(base: string): string {
  let suffix = '';
  for (let i = 0; i < SUFFIX_LENGTH; i++) suffix += SUFFIX_ALPHABET[randomInt(SUFFIX_ALPHABET.length)];
  return base.slice(0, MAX_LABEL_LENGTH - SUFFIX_LENGTH) + suffix;
}

/**
 * What is wrong with a name, if anything: DNS-1123 label for namespaces and services, whatever a path may hold for
 * access rules, else subdomain.
 */
export function checkName(name: string, rule: 'label' | 'subdomain' | 'path'): Cause | undefined {
  const invalid = (why: string): Cause => ({
    field: 'metadata.name',
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${JSON.stringify(name)}: ${why}`,
  });
  if (rule === 'path') {
    const isPath = name !== '.' && name !== '..' && !/[/%]/.test(name);
    return isPath ? undefined : invalid("may not be '.' or '..' or contain '/' or '%'");
  }
  if (rule === 'label') {
    return name.length <= MAX_LABEL_LENGTH && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name)
      ? undefined
      : invalid(
          "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
        );
  }
  return name.length <= MAX_NAME_LENGTH &&
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name)
    ? undefined
    : invalid(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      );
}
