/** Values that JSON and Python write alike; numbers are whole. */
export type PlainJson =
  | string
  | number
  | boolean
  | null
  | readonly PlainJson[]
  | { readonly [key: string]: PlainJson };

export interface PythonJsonOptions {
  /** Spaces per level; compact without. */
  readonly indent?: number;
  /** Keys in code-point order, as `sort_keys=True`; else as they are. */
  readonly sortKeys?: boolean;
}

/**
 * JSON as Python's `json.dumps` writes it: ASCII only, `separators=(",", ":")` when compact.
 * @throws RangeError for a number that is not whole, which the two languages write differently (1.0 and 1)
 */
export function pythonJson(value: PlainJson, options: PythonJsonOptions = {}): string {
  return write(value, options, '\n');
}

function write(value: PlainJson, options: PythonJsonOptions, lineStart: string): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) {
      throw new RangeError(`cannot write ${value} as Python would: only whole numbers are supported`);
    }
    return String(value);
  }
  if (value === null || typeof value === 'boolean') return String(value);
  const inner = options.indent === undefined ? '' : lineStart + ' '.repeat(options.indent);
  const outer = options.indent === undefined ? '' : lineStart;
  const nested = (item: PlainJson) => write(item, options, inner);
  if (isList(value)) return enclose('[', value.map(nested), ']', inner, outer);
  const colon = options.indent === undefined ? ':' : ': ';
  const entries = Object.entries(value);
  if (options.sortKeys) entries.sort(([a], [b]) => Buffer.compare(codePoints(a), codePoints(b)));
  const members = entries.map(([key, item]) => `${quote(key)}${colon}${nested(item)}`);
  return enclose('{', members, '}', inner, outer);
}

function enclose(
  open: string,
  items: readonly string[],
  close: string,
  inner: string,
  outer: string,
): string {
  return items.length === 0 ? open + close : open + inner + items.join(`,${inner}`) + outer + close;
}

/** JavaScript leaves DEL and everything above as it is; Python escapes each UTF-16 unit. */
function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** UTF-8 sorts as code points do; UTF-16 does not. */
function codePoints(text: string): Buffer {
  return Buffer.from(text, 'utf8');
}

function isList(value: object): value is readonly PlainJson[] {
  return Array.isArray(value);
}
