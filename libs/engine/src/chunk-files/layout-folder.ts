/** Folder of a layout's `config.json`: `<model with / as _>_<digest>`. */
export function layoutFolder(model: string, digest: string): string {
  return `${model.replaceAll('/', '_')}_${digest}`;
}
