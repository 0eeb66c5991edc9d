/** Where a model's tokenizer is found, by model. */
export type TokenizerNames = ReadonlyMap<string, string>;

/** Reads `<model>=<name or path>,…`. */
export function parseTokenizerNames(
  text: string,
): { readonly names: TokenizerNames } | { readonly problem: string } {
  const names = new Map<string, string>();
  for (const part of text.split(',')) {
    if (part.trim() === '') continue;
    const at = part.indexOf('=');
    const [model, name] = [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    if (at < 0 || model === '' || name === '')
      return { problem: `must be <model>=<name>, comma-separated; got "${part.trim().slice(0, 100)}"` };
    if (names.has(model)) return { problem: `names the model ${model.slice(0, 100)} twice` };
    names.set(model, name);
  }
  return { names };
}

/** The names of a setting that was checked. */
export function tokenizerNamesOf(text: string): TokenizerNames {
  const parsed = parseTokenizerNames(text);
  if ('problem' in parsed) throw new Error(`tokenizer names: ${parsed.problem}`);
  return parsed.names;
}
