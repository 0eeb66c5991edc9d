const PLAIN = /^[A-Za-z0-9_-]+$/;
const ESCAPED = /^(?:[A-Za-z0-9_-]|=[0-9A-F]{2})+$/;
const EMPTY = '=';
const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * One NATS subject token for any text: letters, digits, `_` and `-` stay, every other UTF-8 byte becomes
 * `=` and two upper-case hexadecimal digits, and the empty text is a lone `=`. No token can hold a dot, a
 * wildcard or white space, two texts never share a token, and `decodeToken` is the exact reverse (of
 * well-formed text: a lone surrogate becomes U+FFFD first).
 */
export function encodeToken(text: string): string {
  if (PLAIN.test(text)) return text;
  if (text === '') return EMPTY;
  let token = '';
  for (const byte of utf8.encode(text)) {
    const character = String.fromCharCode(byte);
    token += PLAIN.test(character) ? character : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return token;
}

/** Reverse of `encodeToken`; undefined for a token that it cannot have produced. */
export function decodeToken(token: string): string | undefined {
  if (PLAIN.test(token)) return token;
  if (token === EMPTY) return '';
  if (!ESCAPED.test(token)) return undefined;
  const bytes: number[] = [];
  for (let i = 0; i < token.length; i++) {
    if (token[i] === '=') {
      bytes.push(Number.parseInt(token.slice(i + 1, i + 3), 16));
      i += 2;
    } else {
      bytes.push(token.charCodeAt(i));
    }
  }
  try {
    const text = strictUtf8.decode(new Uint8Array(bytes));
    return encodeToken(text) === token ? text : undefined;
  } catch {
    return undefined;
  }
}
