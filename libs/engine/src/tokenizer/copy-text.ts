/** Characters from which V8 (`SlicedString::kMinLength`) refers to the whole text instead of copying the slice. */
const SHORTEST_SLICE = 13;

/** A text of its own: a slice keeps the whole text that it was cut from in memory. */
export function copyText(text: string): string {
  if (text.length < SHORTEST_SLICE) return text;
  // UTF-8 would change lone surrogates.
  const encoding = text.isWellFormed() ? 'utf8' : 'utf16le';
  return Buffer.from(text, encoding).toString(encoding);
}
