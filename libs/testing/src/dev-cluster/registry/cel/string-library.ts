import type { Environment } from '@marcbachmann/cel-js';
import { goRegExp } from '../go-reg-exp.js';

/** Stands for `matches`, which the CEL library has for JavaScript's regular expressions. As long as that name. */
export const GO_MATCHES = 'matchGo';

/** CEL's string extensions and Kubernetes' regular expressions beyond what the CEL library has. */
export function registerStrings(environment: Environment): void {
  environment
    .registerFunction('string.charAt(int): string', (text: string, at: bigint) => {
      const characters = [...text];
      if (at < 0n || at > BigInt(characters.length)) throw new Error(`index out of range: ${at}`);
      return characters[Number(at)] ?? '';
    })
    .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) =>
      text.replaceAll(from, () => to),
    )
    .registerFunction(
      'string.replace(string, string, int): string',
      (text: string, from: string, to: string, limit: bigint) => {
        let left = limit < 0n ? Number.POSITIVE_INFINITY : Number(limit);
        return text.replaceAll(from, (found) => (left-- > 0 ? to : found));
      },
    )
    .registerFunction(`string.${GO_MATCHES}(string): bool`, (text: string, pattern: string) =>
      regularExpression(pattern).test(text),
    )
    .registerFunction('string.find(string): string', (text: string, pattern: string) => {
      return regularExpression(pattern).exec(text)?.[0] ?? '';
    })
    .registerFunction('string.findAll(string): list<string>', (text: string, pattern: string) =>
      findAll(text, pattern),
    )
    .registerFunction(
      'string.findAll(string, int): list<string>',
      (text: string, pattern: string, limit: bigint) => {
        const found = findAll(text, pattern);
        return limit < 0n ? found : found.slice(0, Number(limit));
      },
    )
    .registerFunction('string.format(list<dyn>): string', format);
}

function findAll(text: string, pattern: string): string[] {
  return [...text.matchAll(regularExpression(pattern, 'g'))].map(([found]) => found);
}

function regularExpression(pattern: string, flags = ''): RegExp {
  try {
    return goRegExp(pattern, flags);
  } catch (error) {
    throw new Error(`error parsing regexp: ${(error as Error).message}`);
  }
}

/** `%s`, `%d`, `%f`, `%.2f`, `%e`, `%x`, `%X`, `%o`, `%b` and `%%`. */
function format(template: string, values: unknown[]): string {
  let next = 0;
  return template.replace(
    /%(?:\.(\d+))?(.)/g,
    (found: string, precision: string | undefined, verb: string) => {
      if (verb === '%') return '%';
      if (next >= values.length) throw new Error(`index ${next} out of range`);
      const value = values[next++];
      const number = value as bigint | number;
      switch (verb) {
        case 's':
          return textOf(value);
        case 'd':
          return String(value);
        case 'f':
          return Number(number).toFixed(Number(precision ?? 6));
        case 'e':
          return Number(number).toExponential(Number(precision ?? 6));
        case 'b':
          return number.toString(2);
        case 'o':
          return number.toString(8);
        case 'x':
          return hexadecimal(value);
        case 'X':
          return hexadecimal(value).toUpperCase();
        default:
          throw new Error(
            `could not parse formatting clause: unrecognized formatting clause "${found.slice(1)}"`,
          );
      }
    },
  );
}

function hexadecimal(value: unknown): string {
  return typeof value === 'string' || value instanceof Uint8Array
    ? Buffer.from(value as string).toString('hex')
    : (value as bigint).toString(16);
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join(', ')}]`;
  if (value instanceof Map) {
    return `{${[...value].map(([key, item]) => `${textOf(key)}: ${textOf(item)}`).join(', ')}}`;
  }
  if (value instanceof Date) return value.toISOString().replace(/\.?0*Z$/, 'Z');
  return String(value);
}
