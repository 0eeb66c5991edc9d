import type { KeySchema } from './config-definition.js';

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Turns the text of a flag or environment variable into the type its key wants. Text that does not fit is
 * returned as it is, so that the schema reports it together with everything else.
 */
export function coerce(text: string, key: KeySchema): unknown {
  const types = typeof key.type === 'string' ? [key.type] : (key.type ?? []);
  if (types.some((t) => t === 'number' || t === 'integer') && NUMBER.test(text.trim())) return Number(text);
  if (types.includes('boolean') && /^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  if (types.includes('array')) {
    return text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  }
  if (types.includes('object')) {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  return text;
}
