/** One list of things with names: later ones replace earlier ones of the same name and keep their place. */
export function mergeNamed<T extends { readonly name?: unknown }>(
  ...lists: ReadonlyArray<readonly T[] | undefined>
): T[] {
  const merged = new Map<unknown, T>();
  for (const list of lists) for (const item of list ?? []) merged.set(item.name, item);
  return [...merged.values()];
}
