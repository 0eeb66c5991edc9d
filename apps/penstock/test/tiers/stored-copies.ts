import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseChunkPath } from '@penstock/engine';
import { S3ObjectStore } from '@penstock/store';
import type { Suite } from '../../src/suite/start-suite.js';
import type { KvNodeProcess } from './kv-node-processes.js';

/** `<tier> <node> <path>` of a copy; S3 has no node. */
export type CopyName = string;

export const copyName = (tier: string, node: string, path: string): CopyName => `${tier} ${node} ${path}`;

/** Every copy that is really there: in the nodes' folders and in the bucket. Temporary files are named with tier `tmp`. */
export async function storedCopies(
  { record }: Suite,
  home: string,
  nodes: readonly KvNodeProcess[],
): Promise<Set<CopyName>> {
  const found = new Set<CopyName>();
  for (const { node, cpuDir, ssdDir } of nodes) {
    for (const [tier, folder] of [
      ['cpu', cpuDir],
      ['ssd', ssdDir],
    ] as const) {
      for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
        if (parseChunkPath(path)) found.add(copyName(tier, node, path));
        else if (path.endsWith('.tmp')) found.add(copyName('tmp', node, path));
      }
    }
  }
  const store = S3ObjectStore.connect({
    ...{ bucket: 'penstock', prefix: 'penstock', endpoint: record.urls.objectStore },
    credentials: {
      accessKeyIdFile: join(home, 's3-credentials/access-key-id'),
      secretAccessKeyFile: join(home, 's3-credentials/secret-access-key'),
    },
  });
  try {
    for await (const { key } of store.list()) found.add(copyName('s3', '', key));
  } finally {
    await store.close();
  }
  return found;
}
