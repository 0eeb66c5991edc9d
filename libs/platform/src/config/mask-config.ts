import type { ConfigDefinition } from './config-definition.js';

/** Hides the password (and user) of any URL in the text. */
export const maskUrl = (text: string): string => text.replace(/(\w+:\/\/)[^\s/@]+@/g, '$1***@');

const mask = (value: unknown): unknown => {
  if (typeof value === 'string') return maskUrl(value);
  if (Array.isArray(value)) return value.map(mask);
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, mask(v)]));
  }
  return value;
};

/** The configuration as it may be shown: secrets and credentials in URLs hidden. */
export function maskConfig(
  definition: ConfigDefinition,
  config: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key,
      definition.keys[key]?.secret && value !== undefined && value !== '' ? '***' : mask(value),
    ]),
  );
}
