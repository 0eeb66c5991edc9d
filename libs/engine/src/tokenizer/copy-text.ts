/** A text of its own: a slice keeps the whole text that it was cut from in memory. */
export function copyText(text: string): string {
  // UTF-8 would change lone surrogates.
  const encoding = text.isWellFormed() ? 'utf8' : 'utf16le';
  return Buffer.from(text, encoding).toString(encoding);
}
