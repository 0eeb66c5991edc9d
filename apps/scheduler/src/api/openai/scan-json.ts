/** What one pass over the bytes of a JSON object finds, without building values. */
export interface JsonOutline {
  /** Nesting of arrays and objects; the object itself is 1. */
  readonly maxDepth: number;
  /** Byte range [start, end) of the top-level `model` value when it is a string, quotes included. */
  readonly modelSpan?: { readonly start: number; readonly end: number };
  /** A top-level key that occurs twice: parsers disagree on which one counts. */
  readonly duplicateKey?: string;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COLON = 0x3a;

/**
 * Scans a body once. It does not validate: text that is no JSON gives some outline or undefined, and the
 * parser that runs next refuses it. Stops at `depthLimit + 1`.
 */
export function scanJson(body: Buffer, depthLimit: number): JsonOutline {
  const keys = new Set<string>();
  let depth = 0;
  let maxDepth = 0;
  let modelSpan: JsonOutline['modelSpan'];
  let duplicateKey: string | undefined;
  /** Top-level string last seen: a key when a colon follows. */
  let last: { start: number; end: number } | undefined;
  let key: string | undefined;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at] as number;
    if (byte === QUOTE) {
      const end = stringEnd(body, at);
      if (depth === 1) {
        last = { start: at, end };
        if (key === 'model') modelSpan = last;
      }
      at = end - 1;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth++;
      if (depth > maxDepth) maxDepth = depth;
      if (maxDepth > depthLimit) break;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth--;
    } else if (byte === COLON && depth === 1 && last) {
      key = decodeKey(body, last);
      if (keys.has(key)) duplicateKey = key;
      keys.add(key);
      last = undefined;
    } else if (byte === 0x2c && depth === 1) {
      key = undefined;
      last = undefined;
    }
  }
  return {
    maxDepth,
    ...(modelSpan ? { modelSpan } : {}),
    ...(duplicateKey === undefined ? {} : { duplicateKey }),
  };
}

/** Index after the closing quote of the string that starts at `start`; the body's length when it never closes. */
function stringEnd(body: Buffer, start: number): number {
  let from = start + 1;
  for (;;) {
    const quote = body.indexOf(QUOTE, from);
    if (quote < 0) return body.length;
    let backslashes = 0;
    while (body[quote - 1 - backslashes] === BACKSLASH && quote - 1 - backslashes > start) backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
    from = quote + 1;
  }
}

function decodeKey(body: Buffer, span: { start: number; end: number }): string {
  const text = body.toString('utf8', span.start, Math.min(span.end, span.start + 256));
  try {
    return JSON.parse(text) as string;
  } catch {
    return text;
  }
}
