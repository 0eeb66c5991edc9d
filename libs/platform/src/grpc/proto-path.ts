import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder with our proto files: import root `penstock/<service>/v1/<service>.proto`. */
export function protoRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const candidate = join(folder, 'node_modules', '@penstock', 'contracts', 'proto');
    if (existsSync(candidate)) return candidate;
    const parent = dirname(folder);
    if (parent === folder)
      throw new Error('@penstock/contracts is not installed beside @penstock/platform; run npm ci');
    folder = parent;
  }
}

/** Path of a service's proto file, e.g. `protoPath('kvindex')`; a foreign one by its path: `protoPath('indexer/v1/indexer')`. */
export function protoPath(service: string): string {
  const file = service.includes('/') ? service : `penstock/${service}/v1/${service}`;
  const path = join(protoRoot(), `${file}.proto`);
  if (!existsSync(path)) throw new Error(`there is no proto file of service "${service}" (${path})`);
  return path;
}
